//! Int8 networks: the file format and the arithmetic, without `std` or an allocator.
//!
//! One crate for the guest `tinynn`, for the packer that writes the files and for the bench: all of
//! them run this very arithmetic, which uses integers and IEEE 754 additions, subtractions,
//! multiplications and divisions only, so that every engine and every chip gives the same bits.
//!
//! [`Network::read`] checks a file once, whoever wrote it; [`Network::run`] is one inference in
//! memory that the caller owns. With the feature `alloc`, [`Draft::write`] makes a file. Every byte
//! of it is described in `FORMAT.md`, the arithmetic in `ARITHMETIC.md`.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod format;
mod geometry;

mod fault;
mod network;
mod place;
mod sections;
mod steps;

mod edge;
mod exponential;
mod kernel;
mod requantise;
mod run;

#[cfg(feature = "alloc")]
mod draft;

#[cfg(feature = "alloc")]
pub use draft::{Draft, DraftError, DraftLayer, DraftWeights};
pub use fault::{Fault, LayerFault};
pub use format::{
    Averaging, Clamp, Dims, Edge, Finish, Header, Layer, Layout, MAGIC, Operator, PREFIX_BYTES,
    Quantisation, Quantised, SECTION_ALIGN, VERSION, Weights,
};
pub use geometry::{Shape, Window};
pub use network::{LAYERS_MAX, Memory, Network, TAPS_MAX};
pub use place::Place;
pub use requantise::Requantise;
pub use steps::{Step, Steps};
