use super::{convolution::put, dot, finish::Target};
use crate::{sections::BLOCK, steps::Sums};

/// Fully connected.
#[inline(never)]
pub(super) fn run(sums: &Sums<'_>, input: &[i8], mut output: &mut [i8]) {
    let target = Target::new(sums.quantised);
    let weights = sums.weights.chunks_exact(sums.taps * BLOCK);
    for (weights, block) in weights.zip(sums.channels.blocks()) {
        let [a, b, c, d] = dot::single(input, weights, block.biases);
        let [e, f, g, h] = block.requantise;
        let results = [
            target.output(a, e),
            target.output(b, f),
            target.output(c, g),
            target.output(d, h),
        ];
        put(&mut output, results);
    }
}
