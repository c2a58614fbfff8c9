//! The wasm3 interpreter behind the engine contract, in a worker process.
//!
//! wasm3 is written in C, and cannot stop a loop. So no guest of it runs in the gateway's process: each instance has
//! a process of its own (the binary `weir-wasm3`), which holds the guest's memory, is locked in before it reads the
//! guest's code, and is killed when a deadline passes. This crate starts it and speaks with it; wasm3 itself it does
//! not know. Whatever comes from a worker is checked like a guest's own words: a worker that was taken over can give
//! wrong results, and nothing else.

mod calls;
mod engine;
mod features;
mod instance;
mod link;
mod module;
mod poll;
mod process;
mod rewrite;
pub mod wire;

pub use engine::{StartError, Wasm3Engine};
