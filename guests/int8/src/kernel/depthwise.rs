use core::hint::black_box;

use super::{
    dot::UNROLL,
    finish::{Target, low},
    window::Walk,
};
use crate::{Place, Window, steps::Sums};

/// Convolution of each channel by itself.
#[inline(never)]
pub(super) fn run(
    window: &Window,
    sums: &Sums<'_>,
    (from, to): (Place, Place),
    input: &[i8],
    output: &mut [i8],
    totals: &mut [i64],
) {
    let target = Target::new(sums.quantised);
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
                add(totals, weights, values);
            } else {
                for (total, weight) in totals.iter_mut().zip(weights) {
                    *total += product(*weight, from.zero_point);
                }
            }
        }
        walk.advance();
        let totals = totals.iter().map(|total| low(*total));
        target.rest(totals, sums.channels, output);
    }
}

/// One position of the window, all channels.
fn add(totals: &mut [i64], weights: &[u8], values: &[i8]) {
    let values = values.get(..totals.len()).unwrap_or(values);
    let (totals, totals_rest) = totals.as_chunks_mut::<UNROLL>();
    let (weights, weights_rest) = weights.as_chunks::<UNROLL>();
    let (values, values_rest) = values.as_chunks::<UNROLL>();
    for ((totals, weights), values) in totals.iter_mut().zip(weights).zip(values) {
        let (totals, weights, values) = (black_box(totals), black_box(weights), black_box(values));
        totals[0] += product(weights[0], values[0]);
        totals[1] += product(weights[1], values[1]);
        totals[2] += product(weights[2], values[2]);
        totals[3] += product(weights[3], values[3]);
        totals[4] += product(weights[4], values[4]);
        totals[5] += product(weights[5], values[5]);
        totals[6] += product(weights[6], values[6]);
        totals[7] += product(weights[7], values[7]);
    }
    let rest = totals_rest.iter_mut().zip(weights_rest).zip(values_rest);
    for ((total, weight), value) in rest {
        *total += product(*weight, *value);
    }
}

#[inline(always)]
fn product(weight: u8, value: i8) -> i64 {
    (i32::from(weight.cast_signed()) * i32::from(value)).into()
}
