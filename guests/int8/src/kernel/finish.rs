#![expect(
    clippy::as_conversions,
    reason = "clamped to what 8 bits hold; the low half of a word"
)]

use crate::{Quantised, Requantise};

/// The outputs of a layer, as wide as they are computed.
#[derive(Clone, Copy)]
pub(super) struct Target {
    /// Half a step, and the zero point: in half steps.
    halves: i64,
    min: i64,
    max: i64,
}

impl Target {
    pub(super) fn new(quantised: Quantised) -> Self {
        Self {
            halves: 2 * i64::from(quantised.zero_point) + 1,
            min: quantised.clamp.min.into(),
            max: quantised.clamp.max.into(),
        }
    }

    /// Makes an output of a value that has its zero point already.
    #[inline(always)]
    pub(super) fn narrow(self, value: i64) -> i8 {
        value.min(self.max).max(self.min) as i8
    }

    /// Makes an output of a sum.
    #[inline(always)]
    pub(super) fn output(self, sum: i32, requantise: Requantise) -> i8 {
        let halves = requantise.halves(sum).wrapping_add(self.halves);
        self.narrow(halves >> 1)
    }
}

/// The low half of a word that holds a sum, which fits it: see [`TAPS_MAX`](crate::TAPS_MAX).
#[inline(always)]
pub(super) fn low(word: i64) -> i32 {
    word as i32
}
