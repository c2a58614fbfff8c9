use super::{finish, window::Walk};
use crate::{Place, Window, steps::Sums};

/// Convolution of each channel by itself.
pub(super) fn run(
    window: &Window,
    sums: &Sums<'_>,
    (from, to): (Place, Place),
    input: &[i8],
    output: &mut [i8],
    totals: &mut [i64],
) {
    let channels = totals.len();
    let width = usize::from(window.kernel[1]);
    let mut walk = Walk::new(window, from, to);
    for output in output.chunks_exact_mut(channels) {
        totals.fill(0);
        let (rows, columns) = (walk.rows(), walk.columns());
        for (tap, weights) in sums.weights.chunks_exact(channels).enumerate() {
            let (row, column) = (tap / width, tap % width);
            if rows.contains(&row) && columns.contains(&column) {
                let values = input.get(walk.start(row, column)..).unwrap_or(&[]);
                for ((total, weight), value) in totals.iter_mut().zip(weights).zip(values) {
                    *total += product(*weight, *value);
                }
            } else {
                for (total, weight) in totals.iter_mut().zip(weights) {
                    *total += product(*weight, from.zero_point);
                }
            }
        }
        walk.advance();
        let totals = totals.iter().map(|total| low(*total));
        finish::block(totals, sums.channels, sums.quantised, output);
    }
}

#[inline(always)]
fn product(weight: u8, value: i8) -> i64 {
    (i32::from(weight.cast_signed()) * i32::from(value)).into()
}

#[expect(clippy::as_conversions, reason = "a sum fits 32 bits: see TAPS_MAX")]
fn low(total: i64) -> i32 {
    total as i32
}
