//! Guests and models on disk: found, admitted, digested. Nothing of a guest runs before [`admit()`] has read all of
//! it; what it says of itself is checked against what it is.

mod admit;
mod file;
mod graph;
mod model;
mod shared;
mod signature;
mod store;

pub use admit::{AdmitError, AskedMemory, Caps, admit, asked_memory, class_features};
pub use file::{ReadError, sha256, sha256_hex};
pub use graph::{DescribeError, describe, guest_model, is_told_of_graphs, reaches_graphs};
pub use model::{
    Golden, GraphUse, ImageInput, Layout, Meaning, Model, ModelError, ModelInput, ModelOutput,
    read_model,
};
pub use signature::{FitError, fits, signature};
pub use store::Store;
