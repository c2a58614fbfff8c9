//! Tensors → what is published: labels by rank, outputs as they are, in JSON, CBOR or postcard.

mod document;
mod rank;
mod write;

pub use document::{InferenceResult, Output, Ranked};
pub use write::Best;
pub(crate) use write::{Facts, ResultWriter};
