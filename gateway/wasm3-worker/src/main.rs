//! The process in which wasm3 runs one guest.

fn main() {}
