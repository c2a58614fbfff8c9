//! Graphs on the host, for guests that reach them through `wasi_ephemeral_nn`.
//!
//! A [`Backend`] makes a model ready once, as a [`Graph`]; [`Graphs`] hands it to the instances of a lane, by its
//! name. What an instance opens is bounded and freed with it, and every address that it gives is checked against its
//! memory. The element types are numbered as the interface's definition (witx) has them.

mod backend;
mod errno;
mod error;
mod external;
mod facts;
mod graphs;
mod host;
mod memory;
mod onnxruntime;
mod registers;
mod tract;

pub use backend::{Backend, Graph};
pub use error::PrepareError;
pub use facts::{Facts, TensorFact};
pub use graphs::{Bounds, Graphs};
pub use onnxruntime::{Absent, OnnxRuntime};
pub use tract::Tract;
