use core::hint::black_box;

use super::finish::low;
use crate::sections::BLOCK;

/// Products that are written out one after the other.
///
/// What a loop takes for that many goes through `black_box`, here and in the depthwise convolution:
/// LLVM would otherwise give each of the addresses an addition of its own, where WebAssembly's loads
/// have an offset. Measured under wasmi 2: 1.4 times as fast.
pub(super) const UNROLL: usize = 8;

/// The sums of a block: those of the one position, then those of the other.
pub(super) type Halves = [[i32; BLOCK]; 2];

/// The sums of one position, one for each output of a block.
#[inline(always)]
pub(super) fn single(input: &[i8], block: &[u8]) -> [i32; BLOCK] {
    let mut sums = [0; BLOCK];
    let (weights, _) = block.as_chunks::<BLOCK>();
    let (inputs, inputs_rest) = input.as_chunks::<UNROLL>();
    let (taps, taps_rest) = weights.as_chunks::<UNROLL>();
    for (inputs, taps) in inputs.iter().zip(taps) {
        let (inputs, taps) = (black_box(inputs), black_box(taps));
        let [i0, i1, i2, i3, i4, i5, i6, i7] = inputs;
        let [t0, t1, t2, t3, t4, t5, t6, t7] = taps;
        add_single(&mut sums, *i0, t0);
        add_single(&mut sums, *i1, t1);
        add_single(&mut sums, *i2, t2);
        add_single(&mut sums, *i3, t3);
        add_single(&mut sums, *i4, t4);
        add_single(&mut sums, *i5, t5);
        add_single(&mut sums, *i6, t6);
        add_single(&mut sums, *i7, t7);
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
#[inline(always)]
pub(super) fn pair(patch: &[i64], block: &[u8]) -> Halves {
    let mut sums = [0; BLOCK];
    let (weights, _) = block.as_chunks::<BLOCK>();
    let (inputs, inputs_rest) = patch.as_chunks::<UNROLL>();
    let (taps, taps_rest) = weights.as_chunks::<UNROLL>();
    for (inputs, taps) in inputs.iter().zip(taps) {
        let (inputs, taps) = (black_box(inputs), black_box(taps));
        let [i0, i1, i2, i3, i4, i5, i6, i7] = inputs;
        let [t0, t1, t2, t3, t4, t5, t6, t7] = taps;
        add_pair(&mut sums, *i0, t0);
        add_pair(&mut sums, *i1, t1);
        add_pair(&mut sums, *i2, t2);
        add_pair(&mut sums, *i3, t3);
        add_pair(&mut sums, *i4, t4);
        add_pair(&mut sums, *i5, t5);
        add_pair(&mut sums, *i6, t6);
        add_pair(&mut sums, *i7, t7);
    }
    for (input, weights) in inputs_rest.iter().zip(taps_rest) {
        add_pair(&mut sums, *input, weights);
    }
    halves(sums)
}

/// The sums of two positions, one for each of the first four channels by itself, of `channels` that
/// each tap of the patch has.
#[inline(always)]
pub(super) fn pair_of_each(patch: &[i64], channels: usize, block: &[u8]) -> Halves {
    let mut sums = [0; BLOCK];
    let (weights, _) = block.as_chunks::<BLOCK>();
    for (words, weights) in patch.chunks(channels).zip(weights) {
        if let Some(words) = words.first_chunk() {
            add_each(&mut sums, black_box(words), black_box(weights));
        }
    }
    halves(sums)
}

/// As [`pair_of_each`], of the last channels, which are fewer than four: the other sums are of what
/// no output asks for.
#[inline(never)]
pub(super) fn pair_of_rest(patch: &[i64], channels: usize, block: &[u8]) -> Halves {
    let mut sums = [0; BLOCK];
    let (weights, _) = block.as_chunks::<BLOCK>();
    for (words, weights) in patch.chunks(channels).zip(weights) {
        let mut four = [0; BLOCK];
        for (slot, word) in four.iter_mut().zip(words) {
            *slot = *word;
        }
        add_each(&mut sums, &four, weights);
    }
    halves(sums)
}

/// Two elements in one word.
#[inline(always)]
pub(super) fn joined(low: i8, high: i8) -> i64 {
    i64::from(low).wrapping_add(i64::from(high) << 32)
}

#[inline(always)]
fn add_single(sums: &mut [i32; BLOCK], input: i8, weights: &[u8; BLOCK]) {
    let input = i32::from(input);
    let product = |weight: u8| input.wrapping_mul(i32::from(weight.cast_signed()));
    sums[0] = sums[0].wrapping_add(product(weights[0]));
    sums[1] = sums[1].wrapping_add(product(weights[1]));
    sums[2] = sums[2].wrapping_add(product(weights[2]));
    sums[3] = sums[3].wrapping_add(product(weights[3]));
}

#[inline(always)]
fn add_pair(sums: &mut [i64; BLOCK], input: i64, weights: &[u8; BLOCK]) {
    let product = |weight: u8| input.wrapping_mul(i64::from(weight.cast_signed()));
    sums[0] = sums[0].wrapping_add(product(weights[0]));
    sums[1] = sums[1].wrapping_add(product(weights[1]));
    sums[2] = sums[2].wrapping_add(product(weights[2]));
    sums[3] = sums[3].wrapping_add(product(weights[3]));
}

#[inline(always)]
fn add_each(sums: &mut [i64; BLOCK], words: &[i64; BLOCK], weights: &[u8; BLOCK]) {
    let product = |word: i64, weight: u8| word.wrapping_mul(i64::from(weight.cast_signed()));
    sums[0] = sums[0].wrapping_add(product(words[0], weights[0]));
    sums[1] = sums[1].wrapping_add(product(words[1], weights[1]));
    sums[2] = sums[2].wrapping_add(product(words[2], weights[2]));
    sums[3] = sums[3].wrapping_add(product(words[3], weights[3]));
}

#[inline(always)]
fn halves([s0, s1, s2, s3]: [i64; BLOCK]) -> Halves {
    [
        [low(s0), low(s1), low(s2), low(s3)],
        [high(s0), high(s1), high(s2), high(s3)],
    ]
}

#[inline(always)]
fn high(word: i64) -> i32 {
    low(word.wrapping_sub(low(word).into()) >> 32)
}
