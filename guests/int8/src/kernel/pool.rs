use core::hint::black_box;

use super::{dot::UNROLL, finish::Target, window::Walk};
use crate::{Averaging, Clamp, Place, Quantised, Window};

/// The greatest element of each window.
#[inline(never)]
pub(super) fn max(
    window: &Window,
    clamp: Clamp,
    (from, to): (Place, Place),
    input: &[i8],
    output: &mut [i8],
) {
    let mut walk = Walk::new(window, from, to);
    for output in output.chunks_exact_mut(usize::from(to.shape.channels)) {
        let mut is_first = true;
        for row in walk.rows() {
            for column in walk.columns() {
                let values = input.get(walk.start(row, column)..).unwrap_or(&[]);
                let values = values.get(..output.len()).unwrap_or(values);
                if is_first {
                    copy(output, values);
                } else {
                    raise(output, values);
                }
                is_first = false;
            }
        }
        walk.advance();
        if clamp != Clamp::NONE {
            for slot in output {
                *slot = (*slot).max(clamp.min).min(clamp.max);
            }
        }
    }
}

/// Not `copy_from_slice`, which is a call that costs more than the few bytes of a position.
fn copy(output: &mut [i8], values: &[i8]) {
    let (outputs, outputs_rest) = output.as_chunks_mut::<UNROLL>();
    let (values, values_rest) = values.as_chunks::<UNROLL>();
    for (output, values) in outputs.iter_mut().zip(values) {
        *output = *black_box(values);
    }
    for (slot, value) in outputs_rest.iter_mut().zip(values_rest) {
        *slot = *black_box(value);
    }
}

fn raise(output: &mut [i8], values: &[i8]) {
    let (outputs, outputs_rest) = output.as_chunks_mut::<UNROLL>();
    let (values, values_rest) = values.as_chunks::<UNROLL>();
    for (output, values) in outputs.iter_mut().zip(values) {
        let (output, values) = (black_box(output), black_box(values));
        output[0] = output[0].max(values[0]);
        output[1] = output[1].max(values[1]);
        output[2] = output[2].max(values[2]);
        output[3] = output[3].max(values[3]);
        output[4] = output[4].max(values[4]);
        output[5] = output[5].max(values[5]);
        output[6] = output[6].max(values[6]);
        output[7] = output[7].max(values[7]);
    }
    for (slot, value) in outputs_rest.iter_mut().zip(values_rest) {
        *slot = (*slot).max(*value);
    }
}

/// The mean of each window, half a step rounded away from zero.
#[inline(never)]
pub(super) fn average(
    window: &Window,
    (averaging, clamp): (Averaging, Clamp),
    (from, to): (Place, Place),
    input: &[i8],
    output: &mut [i8],
    totals: &mut [i64],
) {
    let target = Target::new(Quantised {
        zero_point: 0,
        clamp,
    });
    let all = i64::from(window.kernel[0]) * i64::from(window.kernel[1]);
    let mut walk = Walk::new(window, from, to);
    for output in output.chunks_exact_mut(usize::from(to.shape.channels)) {
        totals.fill(0);
        let mut inside = 0;
        for row in walk.rows() {
            for column in walk.columns() {
                inside += 1;
                let values = input.get(walk.start(row, column)..).unwrap_or(&[]);
                for (total, value) in totals.iter_mut().zip(values) {
                    *total += i64::from(*value);
                }
            }
        }
        walk.advance();
        let (count, padding) = match averaging {
            Averaging::Inside => (inside, 0),
            Averaging::Window => (all, (all - inside) * i64::from(from.zero_point)),
        };
        for (slot, total) in output.iter_mut().zip(&*totals) {
            *slot = target.narrow(divided(total + padding, count));
        }
    }
}

fn divided(total: i64, count: i64) -> i64 {
    let half = if total < 0 { -(count / 2) } else { count / 2 };
    (total + half) / count.max(1)
}
