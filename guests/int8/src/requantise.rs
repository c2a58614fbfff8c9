use serde::{Deserialize, Serialize};

/// A real factor as an integer product and a shift: `multiplier × 2^−shift`.
///
/// TensorFlow Lite's `MultiplyByQuantizedMultiplier` with one rounding (`TFLITE_SINGLE_ROUNDING` in
/// `tensorflow/lite/kernels/internal/common.h`), whose `shift` is 31 minus this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requantise {
    /// From 2³⁰ to 2³¹ − 1; 0 where the factor is too small to matter.
    pub multiplier: i32,
    /// From 1 to 62.
    pub shift: u8,
}

impl Requantise {
    /// None where the factor is negative, not finite, or 2³⁰ and more.
    #[must_use]
    pub fn of(factor: f64) -> Option<Self> {
        const FRACTION: u64 = (1 << 52) - 1;
        const ZERO: Requantise = Requantise {
            multiplier: 0,
            shift: 31,
        };
        if factor == 0.0 || (factor.is_subnormal() && factor > 0.0) {
            return Some(ZERO);
        }
        if !factor.is_normal() || factor < 0.0 {
            return None;
        }
        let bits = factor.to_bits();
        let exponent = i64::try_from(bits >> 52).ok()? - 1022;
        // Of the 53 bits of the mantissa, 31 are kept, rounded half up.
        let mantissa = (bits & FRACTION) | (FRACTION + 1);
        let rounded = (mantissa + (1 << 21)) >> 22;
        let (multiplier, exponent) = match i32::try_from(rounded) {
            Ok(multiplier) => (multiplier, exponent),
            Err(_) => (1 << 30, exponent + 1),
        };
        match 31 - exponent {
            shift @ 1..=62 => Some(Self {
                multiplier,
                shift: u8::try_from(shift).ok()?,
            }),
            63.. => Some(ZERO),
            _ => None,
        }
    }

    pub(crate) fn is_sound(self) -> bool {
        self.multiplier >= 0 && (1..=62).contains(&self.shift)
    }

    /// `value × multiplier × 2^(1 − shift)`, rounded down: in half steps of the result. Below 2⁶³ by so
    /// much that a zero point may be added.
    ///
    /// A half step more, and half of that rounded down, is the result: the same as adding half a step
    /// before one shift.
    #[inline(always)]
    pub(crate) fn halves(self, value: i32) -> i64 {
        let product = i64::from(value).wrapping_mul(self.multiplier.into());
        product.wrapping_shr(u32::from(self.shift).wrapping_sub(1))
    }
}
