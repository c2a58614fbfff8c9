#![expect(
    clippy::as_conversions,
    reason = "halves of a word; `TryFrom` would check what cannot fail"
)]

use crate::sections::BLOCK;

/// Products that are written out one after the other.
const UNROLL: usize = 4;

/// The sums of one position, one for each output of a block.
pub(super) fn single(input: &[i8], block: &[u8]) -> [i32; BLOCK] {
    let mut sums = [0; BLOCK];
    let (weights, _) = block.as_chunks::<BLOCK>();
    let (inputs, inputs_rest) = input.as_chunks::<UNROLL>();
    let (taps, taps_rest) = weights.as_chunks::<UNROLL>();
    for (inputs, taps) in inputs.iter().zip(taps) {
        for (input, weights) in inputs.iter().zip(taps) {
            add_single(&mut sums, *input, weights);
        }
    }
    for (input, weights) in inputs_rest.iter().zip(taps_rest) {
        add_single(&mut sums, *input, weights);
    }
    sums
}

/// The sums of two positions, one for each output of a block.
///
/// A word of the patch holds an element of the one position in its low half and the element of the
/// other position, times 2³², above it: one multiplication and one addition serve both. The low sum
/// fits its half, because a sum has at most [`TAPS_MAX`](crate::TAPS_MAX) terms; what it borrowed
/// from the high half is given back at the end.
pub(super) fn pair(patch: &[i64], block: &[u8]) -> [[i32; 2]; BLOCK] {
    let mut sums = [0; BLOCK];
    let (weights, _) = block.as_chunks::<BLOCK>();
    let (inputs, inputs_rest) = patch.as_chunks::<UNROLL>();
    let (taps, taps_rest) = weights.as_chunks::<UNROLL>();
    for (inputs, taps) in inputs.iter().zip(taps) {
        for (input, weights) in inputs.iter().zip(taps) {
            add_pair(&mut sums, *input, weights);
        }
    }
    for (input, weights) in inputs_rest.iter().zip(taps_rest) {
        add_pair(&mut sums, *input, weights);
    }
    sums.map(halves)
}

/// Two elements in one word.
#[inline(always)]
pub(super) fn joined(low: i8, high: i8) -> i64 {
    i64::from(low).wrapping_add(i64::from(high) << 32)
}

#[inline(always)]
fn add_single(sums: &mut [i32; BLOCK], input: i8, weights: &[u8; BLOCK]) {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        let product = i32::from(input) * i32::from(weight.cast_signed());
        *sum = sum.wrapping_add(product);
    }
}

#[inline(always)]
fn add_pair(sums: &mut [i64; BLOCK], input: i64, weights: &[u8; BLOCK]) {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        let product = input.wrapping_mul(i64::from(weight.cast_signed()));
        *sum = sum.wrapping_add(product);
    }
}

fn halves(word: i64) -> [i32; 2] {
    let low = word as i32;
    let high = word.wrapping_sub(low.into()) >> 32;
    [low, high as i32]
}
