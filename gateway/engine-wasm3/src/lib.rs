//! The wasm3 interpreter behind the engine contract, in a worker process.
