use super::{dot, finish};
use crate::{sections::BLOCK, steps::Sums};

/// Fully connected.
pub(super) fn run(sums: &Sums<'_>, input: &[i8], output: &mut [i8]) {
    let blocks = sums.weights.chunks_exact(sums.taps * BLOCK);
    let outputs = output.chunks_mut(BLOCK).zip(sums.channels.blocks());
    for (block, (output, channels)) in blocks.zip(outputs) {
        let totals = dot::single(input, block);
        finish::block(totals.into_iter(), channels, sums.quantised, output);
    }
}
