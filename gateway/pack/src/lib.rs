//! ONNX models looked into, and packed into int8 networks for microcontrollers.
//!
//! The way of a model: [`OnnxFile::read`] → `lower` (a chain of layers in floating point) → `calibrate` (ranges, by
//! tract) → `quantise` → the file, written and read back by `int8_network`. [`Runner`] runs what came out, by the
//! arithmetic of the guest.

mod error;
mod guard;

mod onnx;

mod lower;

mod calibrate;
mod reference;
mod samples;

mod quantise;

mod agreement;
mod bill;
mod evaluate;
mod inspect;
mod pack;
mod run;

pub use agreement::{Agreement, Comparison, greatest, share};
pub use bill::{Bill, ChipLimits, GuestCosts, Verdict};
pub use calibrate::RangeKind;
pub use error::PackError;
pub use evaluate::{EvaluateError, Evaluation, Runnable, evaluate};
pub use inspect::{Count, Int8Facts, OnnxFacts, inspect_int8, inspect_onnx};
pub use onnx::{ONNX_BYTES_MAX, OnnxError, OnnxFile, Port};
pub use pack::{LayerReport, Packed, Progress, pack};
pub use run::{INT8_BYTES_MAX, RunError, Runner, is_int8};
pub use samples::{SAMPLES_BYTES_MAX, Samples, read_labels};
