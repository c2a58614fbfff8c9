use super::finish;
use crate::{Place, Quantised, Requantise};

/// The mean of each channel over all positions, quantised anew.
pub(super) fn run(
    requantise: Requantise,
    quantised: Quantised,
    from: Place,
    input: &[i8],
    output: &mut [i8],
    totals: &mut [i64],
) {
    totals.fill(0);
    for values in input.chunks_exact(totals.len()) {
        for (total, value) in totals.iter_mut().zip(values) {
            *total += i64::from(*value) - i64::from(from.zero_point);
        }
    }
    for (slot, total) in output.iter_mut().zip(&*totals) {
        let value = requantise.apply(low(*total)) + i64::from(quantised.zero_point);
        *slot = finish::clamped(value, quantised.clamp);
    }
}

#[expect(
    clippy::as_conversions,
    reason = "a network whose sums do not fit gives wrong numbers, as its author asked"
)]
fn low(total: i64) -> i32 {
    total as i32
}
