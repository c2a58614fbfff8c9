use super::{
    dot::{self, Halves},
    finish::Target,
    patch::Patches,
    window::Walk,
};
use crate::{Place, Window, sections::BLOCK, steps::Sums};

/// What a convolution reads, writes and works in.
pub(super) struct Buffers<'b> {
    pub(super) input: &'b [i8],
    pub(super) output: &'b mut [i8],
    pub(super) patch: &'b mut [i64],
}

/// Which input channels an output is made of.
pub(super) trait Channels {
    /// Words of the patch from what one block of outputs is made of to the next.
    const STEP: usize;

    /// The sums of a block.
    fn block(&self, patch: &[i64], weights: &[u8]) -> Halves;

    /// The sums of the last block, where it has fewer outputs.
    fn rest(&self, patch: &[i64], weights: &[u8]) -> Halves;
}

/// Of all input channels.
pub(super) struct All;

/// Of its own input channel, of so many: a depthwise convolution.
pub(super) struct Own(pub(super) usize);

impl Channels for All {
    const STEP: usize = 0;

    #[inline(always)]
    fn block(&self, patch: &[i64], weights: &[u8]) -> Halves {
        dot::pair(patch, weights)
    }

    #[inline(always)]
    fn rest(&self, patch: &[i64], weights: &[u8]) -> Halves {
        dot::pair(patch, weights)
    }
}

impl Channels for Own {
    const STEP: usize = BLOCK;

    #[inline(always)]
    fn block(&self, patch: &[i64], weights: &[u8]) -> Halves {
        dot::pair_of_each(patch, self.0, weights)
    }

    fn rest(&self, patch: &[i64], weights: &[u8]) -> Halves {
        dot::pair_of_rest(patch, self.0, weights)
    }
}

/// Convolution, two positions of the output at a time.
#[inline(never)]
pub(super) fn run(
    window: &Window,
    sums: &Sums<'_>,
    (from, to): (Place, Place),
    buffers: Buffers<'_>,
    inputs: &impl Channels,
) {
    let outputs = usize::from(to.shape.channels);
    let walk = Walk::new(window, from, to);
    let mut patches = Patches::new(window, buffers.input, walk, from);
    for pair in buffers.output.chunks_mut(2 * outputs) {
        patches.fill(buffers.patch, pair.len() > outputs);
        multiply(sums, buffers.patch, pair.split_at_mut(outputs), inputs);
    }
}

/// All outputs of two positions; the second may be missing.
fn multiply<C: Channels>(
    sums: &Sums<'_>,
    mut patch: &[i64],
    (first, second): (&mut [i8], &mut [i8]),
    inputs: &C,
) {
    let target = Target::new(sums.quantised);
    let mut weights = sums.weights.chunks_exact(sums.taps * BLOCK);
    let (firsts, first_rest) = first.as_chunks_mut::<BLOCK>();
    let (seconds, second_rest) = second.as_chunks_mut::<BLOCK>();
    let (channels, channels_rest) = sums.channels.blocks();
    let mut seconds = seconds.iter_mut();
    let mut nowhere = [0; BLOCK];
    // The weights come last: a zip must not take a block that it cannot use.
    for ((first, channels), block) in firsts.iter_mut().zip(channels).zip(weights.by_ref()) {
        let [lows, highs] = inputs.block(patch, block);
        target.block(lows, channels, first);
        let second = seconds.next().unwrap_or(&mut nowhere);
        target.block(highs, channels, second);
        patch = patch.get(C::STEP..).unwrap_or(&[]);
    }
    if let (Some(block), false) = (weights.next(), first_rest.is_empty()) {
        let [lows, highs] = inputs.rest(patch, block);
        target.rest(lows, channels_rest, first_rest);
        target.rest(highs, channels_rest, second_rest);
    }
}
