//! The Wasmtime compiler behind the engine contract.
//!
//! Compiled code is kept on disk and mapped; a ticker thread that sleeps while no guest runs interrupts calls
//! at their deadline.

mod cache;
mod config;
mod engine;
mod instance;
mod module;
mod nn;
mod ticker;
mod trap;

pub use cache::CacheDir;
pub use engine::{StartError, WasmtimeEngine};
