//! Graphs that the host runs, with what comes before and after them.
//!
//! The model is a description of a graph ([`nn_graph`]): the guest opens the graph by its name, makes the graph's
//! input of an image where it is told to (resize, letterbox, normalise, layout), has the host compute, and makes
//! probabilities or boxes of the output.
//!
//! Resizing is integer arithmetic, and of the floats only additions, subtractions, multiplications and divisions are
//! used (the exponential is made of them): the build with vector instructions and the one without, `nn-scalar`, give
//! the same bits.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod finish;
mod guest;
mod memory;
mod prepare;
mod wasi_nn;

pub use guest::Nn;

weir_guest::export!(Nn, model, open);
weir_guest::growing_heap!();
