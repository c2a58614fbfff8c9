//! What a guest is told of a graph that the host runs for it.
//!
//! A guest whose manifest states [`FORMAT`] as its model format gets, in `load_model`, not the model's bytes but a
//! [`Graph`] (postcard): the name to open it by, its tensors, and what the guest is to do before and after. The
//! host made it of `model.toml`; what `predict` of such a guest takes and gives follows from it, in one place:
//! [`Graph::guest_inputs`] and [`Graph::guest_outputs`].
#![no_std]

extern crate alloc;

mod check;
mod graph;
mod tensors;

pub use check::GraphError;
pub use graph::{Boxes, Finish, Fit, Graph, GraphTensor, Image, Layout, Prepare};

/// The model format of guests that get a [`Graph`] in `load_model`.
pub const FORMAT: &str = "nn-graph";
/// The feature that such a guest lists in its manifest: the functions of `wasi_ephemeral_nn` with the element types
/// numbered as in the interface's definition (f16 0, f32 1, f64 2, u8 3, i32 4, i64 5). Other hosts number them
/// otherwise (f16 0, f32 1, u8 2, i32 3).
pub const FEATURE: &str = "wasi-nn-witx";
/// The name of the one input of a guest that prepares images.
pub const IMAGE: &str = "image";
/// The name of the one output of a guest that gives boxes.
pub const BOXES: &str = "boxes";
/// Numbers of a box: left, top, right and bottom edge in pixels of the image, score, class.
pub const BOX_NUMBERS: u32 = 6;
