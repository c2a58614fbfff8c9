use super::{dot, finish, patch::Patches, window::Walk};
use crate::{Place, Window, sections::BLOCK, steps::Sums};

/// Convolution, two positions of the output at a time.
pub(super) fn run(
    window: &Window,
    sums: &Sums<'_>,
    (from, to): (Place, Place),
    input: &[i8],
    output: &mut [i8],
    patch: &mut [i64],
) {
    let patches = Patches::new(window, input, from.shape.channels, from.zero_point);
    let outputs = usize::from(to.shape.channels);
    let mut walk = Walk::new(window, from, to);
    for pair in output.chunks_mut(2 * outputs) {
        let low = walk;
        let is_alone = pair.len() == outputs;
        if !is_alone {
            walk.advance();
        }
        patches.fill(patch, &low, &walk);
        walk.advance();

        let (first, second) = pair.split_at_mut(outputs);
        let mut seconds = second.chunks_mut(BLOCK);
        let firsts = first.chunks_mut(BLOCK).zip(sums.channels.blocks());
        let blocks = sums.weights.chunks_exact(sums.taps * BLOCK);
        for (block, (first, channels)) in blocks.zip(firsts) {
            let totals = dot::pair(patch, block);
            let lows = totals.iter().map(|[low, _]| *low);
            finish::block(lows, channels, sums.quantised, first);
            if let Some(second) = seconds.next() {
                let highs = totals.iter().map(|[_, high]| *high);
                finish::block(highs, channels, sums.quantised, second);
            }
        }
    }
}
