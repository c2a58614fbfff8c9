//! The postcard payloads that sensors may send ([`Sample`]) and dashboards may read ([`InferenceResult`]).
//!
//! Firmware can use this crate: it needs neither `std` nor an allocator, and everything is borrowed.
//!
//! ```
//! use weir_payload::{Elements, List, Sample, Tensor, VERSION};
//!
//! let acceleration = [0.01_f32, -0.02, 0.98];
//! let tensors = [Tensor::flat("", Elements::F32(&acceleration))];
//! let sample = Sample {
//!     v: VERSION,
//!     id: None,
//!     time_us: Some(1_795_255_200_000_000),
//!     tensors: List::Slice(&tensors),
//! };
//! let mut packet = [0_u8; 64];
//! let packet = sample.encode(&mut packet)?;
//!
//! let read = Sample::decode(packet)?;
//! let tensor = read.tensors.iter().next().expect("one tensor was written");
//! assert_eq!(tensor.elements.numbers_f32().nth(2), Some(0.98));
//! # Ok::<(), weir_payload::PayloadError>(())
//! ```
#![no_std]

mod dims;
mod elements;
mod error;
mod list;
mod result;
mod sample;
mod tensor;

pub use dims::Dims;
pub use elements::Elements;
pub use error::PayloadError;
pub use guest_abi::DType;
pub use list::{Encoded, Items, List};
pub use result::{InferenceResult, Ranked};
pub use sample::Sample;
pub use tensor::Tensor;

/// The version of both payloads, their first byte.
pub const VERSION: u8 = 1;
/// The content type of a [`Sample`].
pub const SAMPLE_CONTENT_TYPE: &str = "application/vnd.weir.sample+postcard;v=1";
/// The content type of an [`InferenceResult`].
pub const RESULT_CONTENT_TYPE: &str = "application/vnd.weir.result+postcard;v=1";
