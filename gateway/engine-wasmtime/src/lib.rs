//! The Wasmtime compiler behind the engine contract.
//!
//! Compiled code is kept on disk and mapped; a ticker thread that sleeps while no guest runs interrupts calls
//! at their deadline.

mod addresses;
mod cache;
mod capacity;
mod child;
mod config;
mod engine;
mod exports;
mod instance;
mod live;
mod make;
mod module;
mod nn;
mod profiling;
mod progress;
mod sizes;
mod snapshot;
mod ticker;
mod trap;

pub use cache::CacheDir;
pub use capacity::Capacity;
pub use child::{CompileCosts, Compiler, ServeError, compile_for_gateway};
pub use engine::{StartError, WasmtimeEngine};
pub use profiling::{GuestProfiles, Profiling, WrittenProfile};
