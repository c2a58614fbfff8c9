use super::finish::{Target, low};
use crate::{Place, Quantised, Requantise};

/// The mean of each channel over all positions, quantised anew.
#[inline(never)]
pub(super) fn run(
    requantise: Requantise,
    quantised: Quantised,
    from: Place,
    input: &[i8],
    output: &mut [i8],
    totals: &mut [i64],
) {
    let target = Target::new(quantised);
    totals.fill(0);
    for values in input.chunks_exact(totals.len()) {
        for (total, value) in totals.iter_mut().zip(values) {
            *total += i64::from(*value) - i64::from(from.zero_point);
        }
    }
    for (slot, total) in output.iter_mut().zip(&*totals) {
        *slot = target.output(low(*total), requantise);
    }
}
