use std::time::Duration;

use weir_engine::{Engine, Limits};
use weir_engine_wasm3::Wasm3Engine;
use weir_engine_wasmi::WasmiEngine;
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};

use crate::generate::MEMORY_BYTES_MAX;

/// Every engine. The first is what the others are compared with; wasm3 is the last, see `lockstep`.
pub(crate) fn all() -> Vec<Box<dyn Engine>> {
    let wasmtime = WasmtimeEngine::new(CacheDir::none()).expect("a thread for the ticker");
    let worker = weir_tests::wasm3_worker().unwrap_or_else(|error| panic!("{error}"));
    let wasm3 = Wasm3Engine::new(worker).unwrap_or_else(|error| panic!("{error}"));
    vec![
        Box::new(WasmiEngine::new()),
        Box::new(wasmtime),
        Box::new(wasm3),
    ]
}

/// More of everything that ends a call than any module can use: an end by one of them is a finding.
pub(crate) fn limits() -> Limits {
    Limits {
        memory_bytes_max: MEMORY_BYTES_MAX,
        table_elements_max: 1000,
        stack_bytes_max: 4 * 1024 * 1024,
        call_deadline: Duration::from_secs(60),
        load_deadline: Duration::from_secs(60),
        fuel_max: None,
        output_bytes_max: 64 * 1024,
        input_bytes_max: 64 * 1024,
        model_bytes_max: 0,
        simd: false,
    }
}

/// The stack of a thread on which any of the engines may run.
pub(crate) fn thread_stack_bytes() -> usize {
    let limits = limits();
    let engines = all();
    let stacks = engines
        .iter()
        .map(|engine| engine.thread_stack_bytes(&limits));
    stacks.max().unwrap_or_default()
}
