//! The Wasmtime compiler behind the engine contract.
