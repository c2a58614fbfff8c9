//! The contract that every WebAssembly engine fulfils, and the guest ABI driven over it.
//!
//! An engine crate implements [`Engine`], [`Module`] and [`Instance`]: load, instantiate, call an export with
//! `i32` arguments, lend the memory. All that the ABI asks for (descriptors, buffers, retries, state, checks
//! of every value that a guest returns) is written once, over those three, in [`Guest`].

mod code;
mod contract;
mod guest;
mod limits;
mod tensor;
mod trap;

pub use code::{GuestCode, GuestOrigin};
pub use contract::{Engine, EngineKind, Enforces, Export, Instance, LoadError, Module};
pub use guest::{Guest, InvokeError, OpenError, State};
pub use limits::{Budget, Limits};
pub use tensor::{Tensor, TensorRef};
pub use trap::Trap;
