use weir_engine::Limits;

use super::{
    built,
    golden::{answers_as_recorded, begins_with_its_model},
};
use crate::bench::{engines, limits, wasmtime};

const MODELS: [&str; 3] = ["vibration-int8", "vibration-bands-int8", "digits-int8"];

/// Their manifests state a tolerance of 0.
#[test]
fn answers_with_the_packers_bits_under_every_engine() {
    let code = built("wasm32v1-none", "tinynn");
    let limits = Limits {
        memory_bytes_max: 256 * 1024,
        ..limits()
    };
    for engine in engines() {
        for model in MODELS {
            answers_as_recorded(engine.as_ref(), &code, model, &limits, usize::MAX);
        }
    }
}

#[test]
fn begins_with_its_model_under_wasmtime() {
    let code = built("wasm32v1-none", "tinynn");
    for model in MODELS {
        begins_with_its_model(&wasmtime(), &code, model, &limits());
    }
}
