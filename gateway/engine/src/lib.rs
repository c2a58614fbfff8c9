//! The contract that every WebAssembly engine fulfils, and the guest ABI driven over it.
//!
//! An engine crate implements [`Engine`], [`Module`] and [`Instance`]: load, instantiate, call an export with
//! `i32` arguments, copy from and into its memory. All that the ABI asks for (descriptors, buffers, retries, state, checks
//! of every value that a guest returns) is written once, over those three, in [`Guest`].

mod code;
mod contract;
mod equipment;
mod guest;
mod host;
mod import;
mod limits;
mod memory;
mod nn;
mod signature;
mod state;
mod tensor;
mod trap;

pub use code::{GuestCode, GuestOrigin};
pub use contract::{
    Enforces, Engine, EngineKind, Export, Instance, LoadError, Module, Start, TellBetter,
};
pub use equipment::{Equipment, GuestModel};
pub use guest::{Guest, InvokeError, OpenError, OutputFault, PointerFault, Step};
pub use host::GuestLog;
pub use import::Import;
pub use limits::{Budget, Limits};
pub use memory::{AccessError, check_region, region};
pub use nn::{NnCall, NnFunction, NnHost, NnProvider, NoGraphs};
pub use signature::{Signature, SignatureError, TENSORS_MAX};
pub use state::State;
pub use tensor::{Tensor, TensorRef};
pub use trap::Trap;
