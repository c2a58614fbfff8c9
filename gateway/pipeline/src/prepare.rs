//! Numbers as they were sent → elements as the model takes them: `x · scale + offset`, then `(x − mean) / std`,
//! each per channel, then the conversion to the input's element type.
//!
//! The four steps are one factor and one summand in 64-bit floats, rounded once at the end. Integers are rounded to
//! the nearest, ties to even; what does not fit the type is refused, never cut.
#![expect(
    clippy::as_conversions,
    reason = "conversions between number types, each behind a check of its range"
)]

use guest_abi::DType;
use half::f16;
use weir_profile::FloatPolicy;

use crate::{Reason, RejectCode};

/// One channel's preparation: `x · factor + summand`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) factor: f64,
    pub(crate) summand: f64,
}

/// The preparation of an input: none = values pass as they are, one = for all channels, else one per channel.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Preparation {
    steps: Vec<Step>,
}

/// Where the elements go and what they must be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) dtype: DType,
    pub(crate) floats: FloatPolicy,
    /// Elements of one channel that follow each other before the next channel's come.
    pub(crate) inner: usize,
}

impl Step {
    pub(crate) const IDENTITY: Self = Self {
        factor: 1.0,
        summand: 0.0,
    };

    /// `(x · scale + offset − mean) / std`.
    pub(crate) fn new(scale: f32, offset: f32, mean: f32, std: f32) -> Self {
        let [scale, offset, mean, std] = [scale, offset, mean, std].map(f64::from);
        Self {
            factor: scale / std,
            summand: (offset - mean) / std,
        }
    }
}

impl Preparation {
    /// Steps that change nothing become none.
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        if steps.iter().all(|step| *step == Step::IDENTITY) {
            Self::default()
        } else {
            Self { steps }
        }
    }

    /// Whether values pass as they are.
    pub(crate) fn is_identity(&self) -> bool {
        self.steps.is_empty()
    }

    /// Prepares and converts; `out` holds the little-endian elements afterwards, in the order of `values`.
    pub(crate) fn write(
        &self,
        values: &[f64],
        target: Target,
        out: &mut Vec<u8>,
    ) -> Result<(), Reason> {
        out.clear();
        let written = match target.dtype {
            DType::F32 => self.each::<f32, 4>(values, target, out),
            DType::F64 => self.each::<f64, 8>(values, target, out),
            DType::F16 => self.each::<f16, 2>(values, target, out),
            DType::U8 => self.each::<u8, 1>(values, target, out),
            DType::I8 => self.each::<i8, 1>(values, target, out),
            DType::I16 => self.each::<i16, 2>(values, target, out),
            DType::I32 => self.each::<i32, 4>(values, target, out),
            DType::I64 => self.each::<i64, 8>(values, target, out),
        };
        written.map_err(|fault| fault.reason(target.dtype))
    }

    fn each<T: Element<N>, const N: usize>(
        &self,
        values: &[f64],
        target: Target,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        out.reserve(values.len() * N);
        let finite = target.floats == FloatPolicy::Finite;
        let mut push = |value: f64, step: Step| {
            if finite && !value.is_finite() {
                return Err(Fault::NotFinite(value));
            }
            let prepared = value * step.factor + step.summand;
            let element = T::from_f64(prepared).ok_or(Fault::OutOfRange(prepared))?;
            out.extend_from_slice(&element.bytes());
            Ok(())
        };
        match *self.steps {
            [] => values
                .iter()
                .try_for_each(|value| push(*value, Step::IDENTITY)),
            [step] => values.iter().try_for_each(|value| push(*value, step)),
            ref steps => values
                .chunks(target.inner.max(1))
                .zip(steps.iter().cycle())
                .try_for_each(|(channel, step)| {
                    channel.iter().try_for_each(|value| push(*value, *step))
                }),
        }
    }
}

enum Fault {
    NotFinite(f64),
    OutOfRange(f64),
}

impl Fault {
    fn reason(&self, dtype: DType) -> Reason {
        match self {
            Self::NotFinite(value) => Reason::new(
                RejectCode::PayloadNotFinite,
                format!("a value is {value}; the pipeline takes finite numbers only"),
            ),
            Self::OutOfRange(value) => Reason::new(
                RejectCode::PayloadOutOfRange,
                format!(
                    "the prepared value {value} does not fit the input's type {}",
                    dtype.name()
                ),
            ),
        }
    }
}

/// An element type that a model may take.
trait Element<const N: usize>: Sized {
    /// None where the number does not fit.
    fn from_f64(value: f64) -> Option<Self>;

    /// Little-endian.
    fn bytes(self) -> [u8; N];
}

macro_rules! float {
    ($type:ty, $bytes:literal, $convert:expr) => {
        impl Element<$bytes> for $type {
            fn from_f64(value: f64) -> Option<Self> {
                let converted: $type = $convert(value);
                (converted.is_finite() || !value.is_finite()).then_some(converted)
            }

            fn bytes(self) -> [u8; $bytes] {
                self.to_le_bytes()
            }
        }
    };
}

macro_rules! integer {
    ($type:ty, $bytes:literal) => {
        impl Element<$bytes> for $type {
            fn from_f64(value: f64) -> Option<Self> {
                let rounded = value.round_ties_even();
                let fits = rounded >= Self::MIN as f64 && rounded < Self::MAX as f64 + 1.0;
                fits.then_some(rounded as Self)
            }

            fn bytes(self) -> [u8; $bytes] {
                self.to_le_bytes()
            }
        }
    };
}

float!(f32, 4, |value| value as f32);
float!(f64, 8, |value| value);
float!(f16, 2, f16::from_f64);
integer!(u8, 1);
integer!(i8, 1);
integer!(i16, 2);
integer!(i32, 4);
integer!(i64, 8);

/// Reads little-endian numbers; the length must be a multiple of the element's. Integers beyond 2^53 are rounded.
pub(crate) fn numbers(dtype: DType, bytes: &[u8], out: &mut Vec<f64>) {
    out.clear();
    match dtype {
        DType::F32 => read(bytes, out, |word| f64::from(f32::from_le_bytes(word))),
        DType::F64 => read(bytes, out, f64::from_le_bytes),
        DType::F16 => read(bytes, out, |word| f16::from_le_bytes(word).to_f64()),
        DType::U8 => read(bytes, out, |word: [u8; 1]| f64::from(word[0])),
        DType::I8 => read(bytes, out, |word| f64::from(i8::from_le_bytes(word))),
        DType::I16 => read(bytes, out, |word| f64::from(i16::from_le_bytes(word))),
        DType::I32 => read(bytes, out, |word| f64::from(i32::from_le_bytes(word))),
        DType::I64 => read(bytes, out, |word| i64::from_le_bytes(word) as f64),
    }
}

fn read<const N: usize>(bytes: &[u8], out: &mut Vec<f64>, number: impl Fn([u8; N]) -> f64) {
    out.extend(bytes.as_chunks::<N>().0.iter().map(|word| number(*word)));
}

/// Whether every little-endian number is finite; looked at in place.
pub(crate) fn all_finite(dtype: DType, bytes: &[u8]) -> bool {
    match dtype {
        DType::F32 => every(bytes, |word| f32::from_le_bytes(word).is_finite()),
        DType::F64 => every(bytes, |word| f64::from_le_bytes(word).is_finite()),
        DType::F16 => every(bytes, |word| f16::from_le_bytes(word).is_finite()),
        DType::U8 | DType::I8 | DType::I16 | DType::I32 | DType::I64 => true,
    }
}

fn every<const N: usize>(bytes: &[u8], fits: impl Fn([u8; N]) -> bool) -> bool {
    bytes.as_chunks::<N>().0.iter().all(|word| fits(*word))
}

#[cfg(test)]
mod tests;
