use std::{path::PathBuf, sync::Arc, time::Duration};

use guest_abi::{DType, TensorInfo};
use serde::Deserialize;
use weir_engine::{Engine, Limits, Signature, TensorRef};
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};

use super::{built, read, root};
use crate::bench::{floats, limits, open_with, tensor, wasmi};

const MIB: u64 = 1024 * 1024;

/// What this suite needs of `models/<name>/model.toml`.
#[derive(Deserialize)]
struct ModelManifest {
    file: String,
    inputs: Vec<Stated>,
    outputs: Vec<Stated>,
    golden: Golden,
}

#[derive(Deserialize)]
struct Stated {
    name: String,
    dtype: String,
    dims: Vec<i32>,
}

#[derive(Deserialize)]
struct Golden {
    count: usize,
    inputs: String,
    outputs: String,
    tolerance: f32,
}

#[test]
fn answers_as_the_trainer_did_under_wasmtime() {
    let cache = CacheDir::at(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled-guests"));
    let engine = WasmtimeEngine::new(cache).expect("a thread for the ticker");
    golden(&engine, usize::MAX);
}

#[test]
fn answers_as_the_trainer_did_under_wasmi() {
    golden(&wasmi(), 2);
}

/// The first `count_max` golden inputs give the golden outputs.
fn golden(engine: &dyn Engine, count_max: usize) {
    let folder = root().join("models/vibration");
    let text = String::from_utf8(read(&folder.join("model.toml"))).expect("UTF-8");
    let model: ModelManifest = toml::from_str(&text).expect("a model manifest");
    let limits = Limits {
        memory_bytes_max: 256 * MIB,
        table_elements_max: 100_000,
        model_bytes_max: 64 * 1024 * 1024,
        load_deadline: Duration::from_secs(120),
        simd: engine.enforces().simd,
        ..limits()
    };
    let signature = Signature::new(infos(&model.inputs), infos(&model.outputs), Vec::new());
    let signature = Arc::new(signature.expect("a sound manifest"));
    let code = built("wasm32-unknown-unknown", "onnx");
    let bytes = read(&folder.join(&model.file));
    let mut guest =
        open_with(engine, &code, Arc::clone(&signature), Some(&bytes), &limits).expect("it opens");

    let [input, wanted] =
        [&model.golden.inputs, &model.golden.outputs].map(|f| read(&folder.join(f)));
    let dims = dims(&signature.inputs()[0]);
    let input = input.chunks_exact(input.len() / model.golden.count);
    let wanted = wanted.chunks_exact(wanted.len() / model.golden.count);
    let mut outputs = Vec::new();
    for (at, (data, wanted)) in input.zip(wanted).take(count_max).enumerate() {
        let input = TensorRef {
            dtype: DType::F32,
            dims: &dims,
            data,
        };
        guest
            .predict(&[input], None, &mut outputs)
            .expect("it answers");
        let (wanted, _) = wanted.as_chunks::<4>();
        for (found, wanted) in floats(&outputs[0]).iter().zip(wanted) {
            let wanted = f32::from_le_bytes(*wanted);
            let off = (found - wanted).abs();
            assert!(
                off <= model.golden.tolerance,
                "vector {at}: {found} instead of {wanted}"
            );
        }
    }
}

fn infos(stated: &[Stated]) -> Vec<TensorInfo> {
    let info = |stated: &Stated| {
        let dtype = DType::from_name(&stated.dtype).expect("a known type");
        let elements: i32 = stated.dims.iter().product();
        let len_max = u32::try_from(elements).expect("fixed sizes") * 4;
        tensor(&stated.name, dtype, &stated.dims, len_max)
    };
    stated.iter().map(info).collect()
}

fn dims(info: &TensorInfo) -> Vec<u32> {
    let dim = |dim: &i32| u32::try_from(*dim).expect("fixed sizes");
    info.dims.iter().map(dim).collect()
}
