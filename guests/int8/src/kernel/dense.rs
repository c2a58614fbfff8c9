use super::{dot, finish::Target};
use crate::{sections::BLOCK, steps::Sums};

/// Fully connected.
#[inline(never)]
pub(super) fn run(sums: &Sums<'_>, input: &[i8], output: &mut [i8]) {
    let target = Target::new(sums.quantised);
    let mut weights = sums.weights.chunks_exact(sums.taps * BLOCK);
    let (outputs, outputs_rest) = output.as_chunks_mut::<BLOCK>();
    let (channels, channels_rest) = sums.channels.blocks();
    // The weights come last: a zip must not take a block that it cannot use.
    for ((output, channels), block) in outputs.iter_mut().zip(channels).zip(weights.by_ref()) {
        target.block(dot::single(input, block), channels, output);
    }
    if let (Some(block), false) = (weights.next(), outputs_rest.is_empty()) {
        target.rest(dot::single(input, block), channels_rest, outputs_rest);
    }
}
