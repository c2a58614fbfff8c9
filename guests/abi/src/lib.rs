//! Guest ABI 1: the byte layout that the host and every guest share, written once.
//!
//! All integers are little-endian. The host owns the [`Tensor`] descriptors: it reserves one buffer for
//! their table and one for each tensor ([`slot`]), writes a payload straight into guest memory, calls
//! [`export::PREDICT`] and reads the outputs back. Everything is reused from call to call.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod dtype;
mod manifest;
mod spec;
mod tensor;

pub use dtype::DType;
#[cfg(feature = "alloc")]
pub use manifest::{Manifest, ManifestError, StatePair, TensorInfo};
pub use spec::{ManifestSpec, StateSpec, TensorSpec};
pub use tensor::{RANK_MAX, TENSOR_BYTES, Tensor};

/// The major number: a host refuses a guest of another major.
pub const ABI_MAJOR: u16 = 1;
/// The minor number: grows with additions that older hosts may ignore.
pub const ABI_MINOR: u16 = 0;

/// What [`export::ABI`] returns: `(major << 16) | minor`.
#[expect(clippy::as_conversions, reason = "widening; `From` is not const")]
#[must_use]
pub const fn abi_version() -> i32 {
    ((ABI_MAJOR as i32) << 16) | ABI_MINOR as i32
}

/// The names of the exports. Each takes and returns `i32` only.
pub mod export {
    /// `() -> i32`: the ABI's version, `(major << 16) | minor`.
    pub const ABI: &str = "weir_abi";
    /// `(slot, len) -> address`: reserves or grows a buffer, aligned to 16 bytes; 0 = refused; `len` 0 frees it.
    pub const BUFFER: &str = "weir_buffer";
    /// `(address, len) -> code`: optional; loads the model that lies in the buffer of [`slot::MODEL`](super::slot::MODEL).
    pub const LOAD_MODEL: &str = "load_model";
    /// `() -> code`: optional; called once for each instance, after a snapshot was restored.
    pub const OPEN: &str = "weir_open";
    /// `(inputs, n_inputs, outputs, n_outputs) -> code`: one inference.
    pub const PREDICT: &str = "predict";
    /// `() -> address`: optional; a [`Tensor`](super::Tensor) of `u8` with the words (UTF-8) of the last failure; 0 = none.
    pub const ERROR: &str = "weir_error";
    /// `()`: optional; called first where a guest exports it.
    pub const INITIALIZE: &str = "_initialize";
    /// The linear memory.
    pub const MEMORY: &str = "memory";
}

/// What a guest may import.
pub mod import {
    /// The module of the host's own functions.
    pub const HOST: &str = "weir_host";
    /// `weir_host.log(level, address, len)`: one line for the node's log; level 1 error … 5 trace.
    pub const LOG: &str = "log";
    /// The module of the tensor functions that a profile with an nn backend grants.
    pub const NN: &str = "wasi_ephemeral_nn";
}

/// The numbers of the buffers that a host asks for.
pub mod slot {
    /// The table of tensor descriptors: inputs first, then outputs.
    pub const DESCRIPTORS: i32 = 0;
    /// The model's bytes, kept by the guest as long as it runs.
    pub const MODEL: i32 = 1;
    /// The first tensor's data: inputs in order, then outputs in order.
    pub const TENSORS: i32 = 2;
}

/// The return codes of [`export::LOAD_MODEL`], [`export::OPEN`] and [`export::PREDICT`].
pub mod code {
    /// Success.
    pub const OK: i32 = 0;
    /// A failure without a code of its own.
    pub const FAILED: i32 = -1;
    /// An output's capacity is too small: its `len` says what is needed.
    pub const OUTPUT_TOO_SMALL: i32 = -2;
    /// An input has another count, type or shape than the model takes.
    pub const SHAPE: i32 = -3;
    /// The model's bytes are not what they say they are.
    pub const MODEL_CORRUPT: i32 = -4;
    /// The model needs an operator that this guest does not have.
    pub const MODEL_UNSUPPORTED: i32 = -5;
    /// No memory is left for the work.
    pub const OUT_OF_MEMORY: i32 = -6;
}

/// The custom section that carries the [`ManifestSpec`] (postcard).
pub const MANIFEST_SECTION: &str = "weir.manifest";
