use super::{dot, finish::Target, patch::Patches, window::Walk};
use crate::{Place, Window, sections::BLOCK, steps::Sums};

/// Convolution, two positions of the output at a time.
#[inline(never)]
pub(super) fn run(
    window: &Window,
    sums: &Sums<'_>,
    (from, to): (Place, Place),
    input: &[i8],
    output: &mut [i8],
    patch: &mut [i64],
) {
    let outputs = usize::from(to.shape.channels);
    let mut patches = Patches::new(window, input, Walk::new(window, from, to), from);
    for pair in output.chunks_mut(2 * outputs) {
        patches.fill(patch, pair.len() > outputs);
        let (first, second) = pair.split_at_mut(outputs);
        multiply(sums, patch, first, second);
    }
}

/// All outputs of two positions; the second may be missing.
fn multiply(sums: &Sums<'_>, patch: &[i64], first: &mut [i8], second: &mut [i8]) {
    let target = Target::new(sums.quantised);
    let mut weights = sums.weights.chunks_exact(sums.taps * BLOCK);
    let (firsts, first_rest) = first.as_chunks_mut::<BLOCK>();
    let (seconds, second_rest) = second.as_chunks_mut::<BLOCK>();
    let (channels, channels_rest) = sums.channels.blocks();
    let mut seconds = seconds.iter_mut();
    let mut nowhere = [0; BLOCK];
    // The weights come last: a zip must not take a block that it cannot use.
    for ((first, channels), block) in firsts.iter_mut().zip(channels).zip(weights.by_ref()) {
        let [lows, highs] = dot::pair(patch, block);
        target.block(lows, channels, first);
        let second = seconds.next().unwrap_or(&mut nowhere);
        target.block(highs, channels, second);
    }
    if let (Some(block), false) = (weights.next(), first_rest.is_empty()) {
        let [lows, highs] = dot::pair(patch, block);
        target.rest(lows, channels_rest, first_rest);
        target.rest(highs, channels_rest, second_rest);
    }
}
