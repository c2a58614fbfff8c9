use std::{path::PathBuf, time::Duration};

use weir_engine::{Engine, Limits};
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};

use super::{
    built,
    golden::{answers_as_recorded, begins_with_its_model},
};
use crate::bench::{limits, wasmi};

const MIB: u64 = 1024 * 1024;
const MODELS: [&str; 2] = ["vibration", "digits"];

#[test]
fn answers_as_the_trainer_did_under_wasmtime() {
    for model in MODELS {
        golden(&wasmtime(), model, usize::MAX);
    }
}

#[test]
fn begins_with_its_model_under_wasmtime() {
    let engine = wasmtime();
    let code = built("wasm32-unknown-unknown", "onnx");
    begins_with_its_model(&engine, &code, "vibration", &plenty(&engine));
}

#[test]
fn answers_as_the_trainer_did_under_wasmi() {
    for model in MODELS {
        golden(&wasmi(), model, 2);
    }
}

/// Compiled guests are kept between runs.
fn wasmtime() -> WasmtimeEngine {
    let cache = CacheDir::at(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled-guests"));
    WasmtimeEngine::new(cache).expect("a thread for the ticker")
}

fn golden(engine: &dyn Engine, model: &str, count_max: usize) {
    let code = built("wasm32-unknown-unknown", "onnx");
    answers_as_recorded(engine, &code, model, &plenty(engine), count_max);
}

fn plenty(engine: &dyn Engine) -> Limits {
    Limits {
        memory_bytes_max: 256 * MIB,
        table_elements_max: 100_000,
        model_bytes_max: 64 * 1024 * 1024,
        load_deadline: Duration::from_secs(120),
        simd: engine.enforces().simd,
        ..limits()
    }
}
