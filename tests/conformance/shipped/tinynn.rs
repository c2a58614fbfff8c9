use weir_engine::Limits;

use super::{built, golden::answers_as_recorded};
use crate::bench::{engines, limits};

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
