//! The Wasmtime compiler behind the engine contract.
//!
//! Compiled code is kept on disk and mapped; a ticker thread that sleeps while no guest runs interrupts calls
//! at their deadline.

mod addresses;
mod background;
mod cache;
mod capacity;
mod child;
mod config;
mod engine;
mod exports;
mod instance;
mod live;
mod make;
mod maker;
mod module;
mod nn;
mod policy;
mod precompile;
mod profiling;
mod progress;
mod room;
mod shipped;
mod sizes;
mod snapshot;
mod ticker;
mod trap;

pub use cache::CacheDir;
pub use capacity::Capacity;
pub use child::{CompileCosts, Compiler, ServeError, compile_for_gateway};
pub use engine::{StartError, WasmtimeEngine};
pub use policy::Compile;
pub use precompile::{PrecompileError, Precompiled, precompile};
pub use profiling::{GuestProfiles, Profiling, WrittenProfile};
