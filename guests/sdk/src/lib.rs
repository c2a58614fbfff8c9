//! For authors of guests: implement [`Guest`] (and [`Load`] where the guest takes a model), write
//! one line of [`export!`], and leave every address to this crate.
//!
//! A guest keeps nothing between two calls but its loaded model: what a stream must remember goes
//! out through an output and comes back through an input that the manifest pairs with it.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod guest;

mod dims;
mod inputs;
mod outputs;

mod error;
mod log;

mod check;
mod export;
#[cfg(target_arch = "wasm32")]
mod heap;
mod instance;
mod memory;
mod slots;
mod sound;
mod words;

pub use dims::Dims;
pub use error::Error;
pub use guest::{Guest, Load};
pub use guest_abi::{DType, ManifestSpec, StateSpec, TensorSpec, abi_version, code};
pub use inputs::{Input, Inputs};
pub use log::Level;
pub use outputs::Outputs;
pub use slots::TENSORS_MAX;

#[doc(hidden)]
pub mod macros {
    //! What [`export!`](crate::export), [`growing_heap!`](crate::growing_heap) and [`log!`](crate::log)
    //! expand to; not for direct use.
    #[cfg(target_arch = "wasm32")]
    pub use crate::heap::{GrowingHeap, growing_heap};
    pub use crate::{instance::Instance, log::write, sound::assert_sound};
    #[cfg(target_arch = "wasm32")]
    pub use talc::wasm::{WasmArenaTalc, new_wasm_arena_allocator};
}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guests.md")]
struct Examples;
