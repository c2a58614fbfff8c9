use core::mem::take;

use super::{
    dot::{self, LANES},
    finish::Target,
    patch::Patches,
};
use crate::{Place, Window, sections::BLOCK, steps::Sums};

/// What a convolution reads, writes and works in.
pub(super) struct Buffers<'b> {
    pub(super) input: &'b [i8],
    pub(super) output: &'b mut [i8],
    pub(super) patch: &'b mut [i64],
    pub(super) room: &'b mut [i8],
}

/// Which input channels an output is made of.
#[derive(Clone, Copy)]
pub(super) enum Inputs {
    /// Of all.
    All,
    /// Of its own, of so many: a depthwise convolution.
    Own(usize),
}

/// Convolution, three positions of the output at a time.
#[inline(never)]
pub(super) fn run(
    window: &Window,
    sums: &Sums<'_>,
    (from, to): (Place, Place),
    buffers: Buffers<'_>,
    inputs: Inputs,
) {
    let outputs = usize::from(to.shape.channels);
    let mut patches = Patches::new(window, buffers.input, buffers.room, (from, to));
    for output in buffers.output.chunks_mut(LANES * outputs) {
        patches.fill(buffers.patch);
        multiply(sums, buffers.patch, output, outputs, inputs);
    }
}

/// All outputs of three positions, or of those that are left.
fn multiply(sums: &Sums<'_>, mut patch: &[i64], output: &mut [i8], outputs: usize, inputs: Inputs) {
    let target = Target::new(sums.quantised);
    let (mut first, rest) = output.split_at_mut(outputs);
    let (mut second, mut third) = rest.split_at_mut(outputs.min(rest.len()));
    let weights = sums.weights.chunks_exact(sums.taps * BLOCK);
    for (weights, block) in weights.zip(sums.channels.blocks()) {
        let [a, b, c, d] = match inputs {
            Inputs::All => dot::triple(patch, weights, block.biases),
            Inputs::Own(channels) => {
                let words = patch;
                patch = patch.get(BLOCK..).unwrap_or(&[]);
                dot::triple_of_each(words, channels, weights, block.biases)
            }
        };
        let [e, f, g, h] = block.requantise;
        let output = |sum, requantise| target.output(sum, requantise);
        put(
            &mut first,
            [
                output(a[0], e),
                output(b[0], f),
                output(c[0], g),
                output(d[0], h),
            ],
        );
        put(
            &mut second,
            [
                output(a[1], e),
                output(b[1], f),
                output(c[1], g),
                output(d[1], h),
            ],
        );
        put(
            &mut third,
            [
                output(a[2], e),
                output(b[2], f),
                output(c[2], g),
                output(d[2], h),
            ],
        );
    }
}

/// Writes the outputs of a block at one position, as many as there are, and goes on to the next block.
#[inline(always)]
pub(super) fn put(row: &mut &mut [i8], results: [i8; BLOCK]) {
    let whole = take(row);
    if whole.len() < BLOCK {
        return put_fewer(whole, results);
    }
    let (block, rest) = whole.split_at_mut(BLOCK);
    let [a, b, c, d] = results;
    if let [slot_a, slot_b, slot_c, slot_d] = block {
        (*slot_a, *slot_b, *slot_c, *slot_d) = (a, b, c, d);
    }
    *row = rest;
}

#[cold]
#[inline(never)]
fn put_fewer(row: &mut [i8], results: [i8; BLOCK]) {
    for (slot, result) in row.iter_mut().zip(results) {
        *slot = result;
    }
}
