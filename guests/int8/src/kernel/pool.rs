use super::{finish::Target, window::Walk};
use crate::{Averaging, Clamp, Place, Window};

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
        output.fill(i8::MIN);
        for row in walk.rows() {
            for column in walk.columns() {
                let values = input.get(walk.start(row, column)..).unwrap_or(&[]);
                for (slot, value) in output.iter_mut().zip(values) {
                    *slot = (*slot).max(*value);
                }
            }
        }
        walk.advance();
        if clamp != Clamp::NONE {
            for slot in output {
                *slot = (*slot).clamp(clamp.min, clamp.max);
            }
        }
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
    let target = Target::clamp(clamp);
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
