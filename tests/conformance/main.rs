//! One suite for every engine: what the contract promises, tried with guests that keep to it and guests that do not.
//!
//! A test is a function over an engine; `on_every_engine!` makes one `#[test]` of it for each. What an engine says
//! it cannot hold a guest to (`enforces()`) is asked of the engine, never skipped here.

mod admission;
mod bench;
mod hostile;
mod load;
mod nn;
mod numerics;
mod outputs;
mod shipped;
mod snapshot;
mod state;

/// Makes each function a test under each engine: `<file>::wasmi::<function>`, `<file>::wasm3::<function>` …
macro_rules! on_every_engine {
    ($($test:ident),* $(,)?) => {
        mod wasmi {
            $(#[test] fn $test() { super::$test(&crate::bench::wasmi()); })*
        }
        mod wasm3 {
            $(#[test] fn $test() { super::$test(&crate::bench::wasm3()); })*
        }
        mod wasmtime {
            $(#[test] fn $test() { super::$test(&crate::bench::wasmtime()); })*
        }
    };
}
use on_every_engine;
