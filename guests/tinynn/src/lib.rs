#![cfg_attr(target_arch = "wasm32", no_std)]
//! Int8 networks in microcontroller-class memory.
