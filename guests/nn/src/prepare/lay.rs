//! From sums of levels to the elements that a graph takes.
#![expect(
    clippy::as_conversions,
    reason = "arithmetic on numbers whose bounds are stated"
)]

use super::columns::SUM_BITS;

/// One channel's way from a level (0 to 255) to a value: `level × gain + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) gain: f32,
    pub(super) offset: f32,
}

/// A type of elements that a graph's input may have.
pub(super) trait Element: bytemuck::Pod {
    /// Of a sum, which has [`SUM_BITS`] bits behind the point.
    fn of_sum(sum: i32, scale: Scale) -> Self;

    /// Of a level.
    fn of_level(level: u8, scale: Scale) -> Self;
}

impl Element for f32 {
    /// A sum of whole levels gives what [`Element::of_level`] gives: dividing by a power of 2 rounds nothing.
    fn of_sum(sum: i32, scale: Scale) -> Self {
        const ONE: f32 = (1_u32 << SUM_BITS) as f32;
        sum as Self * (scale.gain / ONE) + scale.offset
    }

    fn of_level(level: u8, scale: Scale) -> Self {
        Self::from(level) * scale.gain + scale.offset
    }
}

/// Levels as they are.
impl Element for u8 {
    fn of_sum(sum: i32, _: Scale) -> Self {
        // At most 255 × 2^20 + 2^19.
        ((sum + (1 << (SUM_BITS - 1))) >> SUM_BITS) as Self
    }

    fn of_level(level: u8, _: Scale) -> Self {
        level
    }
}

/// One channel of a row that was resized, element by element, or with those of the other channels between.
pub(super) fn lay_sums<E: Element>(sums: &[i32], scale: Scale, stride: usize, out: &mut [E]) {
    lay(sums, |sum| E::of_sum(*sum, scale), stride, out);
}

/// The same of a row that has its size.
pub(super) fn lay_levels<E: Element>(levels: &[u8], scale: Scale, stride: usize, out: &mut [E]) {
    lay(levels, |level| E::of_level(*level, scale), stride, out);
}

#[inline(always)]
fn lay<T, E>(values: &[T], element: impl Fn(&T) -> E, stride: usize, out: &mut [E]) {
    if stride == 1 {
        for (out, value) in out.iter_mut().zip(values) {
            *out = element(value);
        }
    } else {
        for (out, value) in out.iter_mut().step_by(stride).zip(values) {
            *out = element(value);
        }
    }
}
