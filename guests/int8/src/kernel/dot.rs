use core::hint::black_box;

use crate::sections::BLOCK;

/// Products that are written out one after the other.
///
/// What a loop takes for that many goes through `black_box`, here and in the depthwise convolution:
/// LLVM would otherwise give each of the addresses an addition of its own, where WebAssembly's loads
/// have an offset. Measured under wasmi 2: 1.4 times as fast.
pub(super) const UNROLL: usize = 8;

/// Positions of the output that a word serves: each has a lane of it.
pub(super) const LANES: usize = 3;

/// The sums of a block of outputs, each of them at every position.
pub(super) type Sums = [[i32; LANES]; BLOCK];

const LANE_BITS: u32 = 21;
/// What every lane of a sum begins with, so that no lane ever borrows from the one above.
const MIDDLE: i32 = 1 << (LANE_BITS - 1);
const MIDDLES: i64 = (1 << 20) | (1 << 41) | (1 << 62);
const LANE: i32 = (1 << LANE_BITS) - 1;
/// Products whose sum fits a lane beside its middle: 63 × 2¹⁴ < 2²⁰. One less than 8 × [`UNROLL`].
const TERMS: usize = 63;
/// Groups of [`UNROLL`] products for which a lane has room, beside a remainder.
const GROUPS: usize = TERMS / UNROLL;

/// The sums of one position, one for each output of a block, that begin with its bias.
#[inline(always)]
pub(super) fn single(input: &[i8], block: &[u8], biases: [i32; BLOCK]) -> [i32; BLOCK] {
    let mut sums = biases;
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
        add_single(&mut sums, *input, black_box(weights));
    }
    sums
}

/// The sums of three positions, for each output of a block, that begin with its bias.
///
/// A word of the patch holds an element of each position, in a lane of its own: one multiplication and
/// one addition serve all three. The sums are taken out of the lanes before they leave them.
#[inline(always)]
pub(super) fn triple(patch: &[i64], block: &[u8], biases: [i32; BLOCK]) -> Sums {
    let (weights, _) = block.as_chunks::<BLOCK>();
    let (mut inputs, inputs_rest) = patch.as_chunks::<UNROLL>();
    let (mut taps, taps_rest) = weights.as_chunks::<UNROLL>();
    let mut sums = begin(biases, inputs.len().div_ceil(GROUPS).max(1));
    loop {
        let mut words = [MIDDLES, MIDDLES, MIDDLES, MIDDLES];
        let (inputs_now, inputs_later) = inputs.split_at(inputs.len().min(GROUPS));
        let (taps_now, taps_later) = taps.split_at(taps.len().min(GROUPS));
        (inputs, taps) = (inputs_later, taps_later);
        for (inputs, taps) in inputs_now.iter().zip(taps_now) {
            let (inputs, taps) = (black_box(inputs), black_box(taps));
            let [i0, i1, i2, i3, i4, i5, i6, i7] = inputs;
            let [t0, t1, t2, t3, t4, t5, t6, t7] = taps;
            add_triple(&mut words, *i0, t0);
            add_triple(&mut words, *i1, t1);
            add_triple(&mut words, *i2, t2);
            add_triple(&mut words, *i3, t3);
            add_triple(&mut words, *i4, t4);
            add_triple(&mut words, *i5, t5);
            add_triple(&mut words, *i6, t6);
            add_triple(&mut words, *i7, t7);
        }
        let is_last = inputs.is_empty();
        if is_last {
            for (input, weights) in inputs_rest.iter().zip(taps_rest) {
                add_triple(&mut words, *input, black_box(weights));
            }
        }
        sums = take(sums, words);
        if is_last {
            return sums;
        }
    }
}

/// The sums of three positions, for each of four channels by itself, of `channels` that each tap of the
/// patch has. The patch has three words more than its taps have, so that there are always four.
#[inline(always)]
pub(super) fn triple_of_each(
    mut patch: &[i64],
    channels: usize,
    block: &[u8],
    biases: [i32; BLOCK],
) -> Sums {
    let (weights, _) = block.as_chunks::<BLOCK>();
    let mut sums = begin(biases, weights.len().div_ceil(TERMS));
    for weights in weights.chunks(TERMS) {
        let mut words = [MIDDLES, MIDDLES, MIDDLES, MIDDLES];
        for weights in weights {
            if let Some(inputs) = patch.first_chunk() {
                add_each(&mut words, black_box(inputs), black_box(weights));
            }
            patch = patch.get(channels..).unwrap_or(&[]);
        }
        sums = take(sums, words);
    }
    sums
}

/// Three elements in one word.
#[inline(always)]
pub(super) fn joined(first: i8, second: i8, third: i8) -> i64 {
    i64::from(first)
        .wrapping_add(i64::from(second) << LANE_BITS)
        .wrapping_add(i64::from(third) << (2 * LANE_BITS))
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
fn add_triple(words: &mut [i64; BLOCK], input: i64, weights: &[u8; BLOCK]) {
    let product = |weight: u8| input.wrapping_mul(i64::from(weight.cast_signed()));
    words[0] = words[0].wrapping_add(product(weights[0]));
    words[1] = words[1].wrapping_add(product(weights[1]));
    words[2] = words[2].wrapping_add(product(weights[2]));
    words[3] = words[3].wrapping_add(product(weights[3]));
}

#[inline(always)]
fn add_each(words: &mut [i64; BLOCK], inputs: &[i64; BLOCK], weights: &[u8; BLOCK]) {
    let product = |input: i64, weight: u8| input.wrapping_mul(i64::from(weight.cast_signed()));
    words[0] = words[0].wrapping_add(product(inputs[0], weights[0]));
    words[1] = words[1].wrapping_add(product(inputs[1], weights[1]));
    words[2] = words[2].wrapping_add(product(inputs[2], weights[2]));
    words[3] = words[3].wrapping_add(product(inputs[3], weights[3]));
}

/// Sums without a term: less the middles that will be taken with them, so many times.
#[inline(always)]
fn begin(biases: [i32; BLOCK], takes: usize) -> Sums {
    let takes = u32::try_from(takes).unwrap_or(0).cast_signed();
    let less = MIDDLE.wrapping_mul(takes);
    let [a, b, c, d] = biases;
    let each = |bias: i32| {
        let sum = bias.wrapping_sub(less);
        [sum, sum, sum]
    };
    [each(a), each(b), each(c), each(d)]
}

/// Takes sums out of their lanes.
#[inline(always)]
fn take([s0, s1, s2, s3]: Sums, [w0, w1, w2, w3]: [i64; BLOCK]) -> Sums {
    [split(s0, w0), split(s1, w1), split(s2, w2), split(s3, w3)]
}

#[expect(clippy::as_conversions, reason = "lanes of a word")]
#[inline(always)]
fn split([first, second, third]: [i32; LANES], word: i64) -> [i32; LANES] {
    [
        first.wrapping_add(word as i32 & LANE),
        second.wrapping_add((word >> LANE_BITS) as i32 & LANE),
        third.wrapping_add((word >> (2 * LANE_BITS)) as i32),
    ]
}
