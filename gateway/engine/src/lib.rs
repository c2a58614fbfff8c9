//! The contract that every WebAssembly engine fulfils, and the guest ABI driven over it.
