use std::{path::PathBuf, time::Duration};

use weir_engine::{Engine, Limits};
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};

use super::{built, golden::answers_as_recorded};
use crate::bench::{limits, wasmi};

const MIB: u64 = 1024 * 1024;
const MODELS: [&str; 2] = ["vibration", "digits"];

#[test]
fn answers_as_the_trainer_did_under_wasmtime() {
    let cache = CacheDir::at(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled-guests"));
    let engine = WasmtimeEngine::new(cache).expect("a thread for the ticker");
    for model in MODELS {
        golden(&engine, model, usize::MAX);
    }
}

#[test]
fn answers_as_the_trainer_did_under_wasmi() {
    for model in MODELS {
        golden(&wasmi(), model, 2);
    }
}

fn golden(engine: &dyn Engine, model: &str, count_max: usize) {
    let limits = Limits {
        memory_bytes_max: 256 * MIB,
        table_elements_max: 100_000,
        model_bytes_max: 64 * 1024 * 1024,
        load_deadline: Duration::from_secs(120),
        simd: engine.enforces().simd,
        ..limits()
    };
    let code = built("wasm32-unknown-unknown", "onnx");
    answers_as_recorded(engine, &code, model, &limits, count_max);
}
