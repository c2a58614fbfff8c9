use std::{path::PathBuf, sync::Arc, time::Duration};

use guest_abi::{DType, Manifest, StatePair, TensorInfo};
use sha2::{Digest, Sha256};
use weir_engine::{
    Engine, Equipment, Guest, GuestCode, GuestOrigin, InvokeError, Limits, LoadError, OpenError,
    Signature, Tensor, TensorRef, Trap,
};
use weir_engine_wasm3::Wasm3Engine;
use weir_engine_wasmi::WasmiEngine;
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};

pub(crate) fn wasmi() -> WasmiEngine {
    WasmiEngine::new()
}

pub(crate) fn wasmtime() -> WasmtimeEngine {
    WasmtimeEngine::new(CacheDir::none()).expect("a thread for the ticker")
}

pub(crate) fn wasm3() -> Wasm3Engine {
    let worker = weir_tests::wasm3_worker().unwrap_or_else(|error| panic!("{error}"));
    Wasm3Engine::new(worker).expect("a worker of this version")
}

/// All, where their answers are compared with each other.
pub(crate) fn engines() -> [Box<dyn Engine>; 3] {
    [Box::new(wasmi()), Box::new(wasm3()), Box::new(wasmtime())]
}

/// Where a guest was stopped on its way.
#[derive(Debug)]
pub(crate) enum Refusal {
    Load(LoadError),
    Open(OpenError),
}

/// Plenty for a guest that keeps to the ABI, on a machine that does much else.
pub(crate) fn limits() -> Limits {
    Limits {
        memory_bytes_max: 1024 * 1024,
        table_elements_max: 1000,
        stack_bytes_max: 256 * 1024,
        call_deadline: Duration::from_secs(30),
        load_deadline: Duration::from_secs(30),
        fuel_max: None,
        output_bytes_max: 64 * 1024,
        input_bytes_max: 64 * 1024,
        model_bytes_max: 64 * 1024,
        simd: false,
    }
}

/// Little time: for guests that use up all that they get.
pub(crate) fn short() -> Limits {
    Limits {
        call_deadline: Duration::from_millis(20),
        load_deadline: Duration::from_millis(200),
        ..limits()
    }
}

pub(crate) fn tensor(name: &str, dtype: DType, dims: &[i32], len_max: u32) -> TensorInfo {
    TensorInfo {
        name: name.to_owned(),
        dtype: dtype.code(),
        dims: dims.to_vec(),
        len_max,
    }
}

/// `x` and `y`, f32, of any length up to 4096 elements.
pub(crate) fn vectors() -> Arc<Signature> {
    signature(DType::F32, 4 * 4096)
}

pub(crate) fn signature(dtype: DType, len_max: u32) -> Arc<Signature> {
    let inputs = vec![tensor("x", dtype, &[-1], len_max)];
    let outputs = vec![tensor("y", dtype, &[-1], len_max)];
    Arc::new(Signature::new(inputs, outputs, Vec::new()).expect("sound"))
}

/// The fixture, with the well-behaved form of each export that it does not define itself.
pub(crate) fn fixture(name: &str) -> GuestCode {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let read = |file: String| {
        let path = folder.join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    let own = read(format!("{name}.wat"));
    if own.trim_start().starts_with("(module") {
        return code(name, &own);
    }
    let mut text = format!("(module\n{own}");
    for default in ["memory", "weir_abi", "weir_buffer", "predict"] {
        if !own.contains(&format!("(export \"{default}\")")) {
            text += &read(format!("defaults/{default}.wat"));
        }
    }
    code(name, &(text + ")"))
}

pub(crate) fn code(name: &str, text: &str) -> GuestCode {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    guest_code(name, wasm)
}

pub(crate) fn guest_code(name: &str, wasm: Vec<u8>) -> GuestCode {
    GuestCode {
        name: name.to_owned(),
        sha256: Sha256::digest(&wasm).into(),
        wasm: wasm.into(),
        manifest: Arc::new(Manifest {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            abi: guest_abi::abi_version(),
            model_format: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            state: Vec::<StatePair>::new(),
            labels: Vec::new(),
            features: Vec::new(),
        }),
        origin: GuestOrigin::Memory,
    }
}

pub(crate) fn open(engine: &dyn Engine, name: &str, limits: &Limits) -> Result<Guest, Refusal> {
    open_with(engine, &fixture(name), vectors(), None, limits)
}

pub(crate) fn open_with(
    engine: &dyn Engine,
    code: &GuestCode,
    signature: Arc<Signature>,
    model: Option<&[u8]>,
    limits: &Limits,
) -> Result<Guest, Refusal> {
    let module = engine
        .load(code, &Equipment::default(), limits)
        .map_err(Refusal::Load)?;
    Guest::open(module.as_ref(), signature, model, limits).map_err(Refusal::Open)
}

/// A fixture that is expected to open.
pub(crate) fn opened(engine: &dyn Engine, name: &str, limits: &Limits) -> Guest {
    open(engine, name, limits).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"))
}

/// A fixture that is expected not to open.
pub(crate) fn refused(engine: &dyn Engine, name: &str, limits: &Limits) -> OpenError {
    let opened = open(engine, name, limits);
    still_answers(engine);
    match opened {
        Err(Refusal::Open(error)) => error,
        Err(Refusal::Load(error)) => panic!("{name} was refused before it was opened: {error}"),
        Ok(_) => panic!("{name} opened"),
    }
}

/// A fixture that is expected not to load; the engine's words.
pub(crate) fn rejected(engine: &dyn Engine, name: &str, limits: &Limits) -> String {
    let loaded = engine.load(&fixture(name), &Equipment::default(), limits);
    still_answers(engine);
    match loaded {
        Err(LoadError::Rejected { reason, .. }) => reason,
        Err(error) => panic!("{name}: {error}"),
        Ok(_) => panic!("{name} was loaded"),
    }
}

pub(crate) fn le_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

pub(crate) fn floats(tensor: &Tensor) -> Vec<f32> {
    let (chunks, rest) = tensor.data.as_chunks::<4>();
    assert!(rest.is_empty(), "whole elements");
    chunks.iter().copied().map(f32::from_le_bytes).collect()
}

/// One input of f32, one call.
pub(crate) fn predict(guest: &mut Guest, values: &[f32]) -> Result<Vec<Tensor>, InvokeError> {
    let mut outputs = Vec::new();
    let dims = [u32::try_from(values.len()).expect("few")];
    let input = TensorRef {
        dtype: DType::F32,
        dims: &dims,
        data: &le_bytes(values),
    };
    guest.predict(&[input], None, &mut outputs)?;
    Ok(outputs)
}

/// A fixture that opens and whose first call is expected to fail.
pub(crate) fn fails(engine: &dyn Engine, name: &str, limits: &Limits) -> InvokeError {
    let mut guest = opened(engine, name, limits);
    let error = predict(&mut guest, &[1.0, 2.0, 3.0]).expect_err(name);
    still_answers(engine);
    error
}

/// A fixture whose first call is expected to end its guest, which then answers no more.
pub(crate) fn traps(engine: &dyn Engine, name: &str, limits: &Limits) -> Trap {
    let mut guest = opened(engine, name, limits);
    let error = predict(&mut guest, &[1.0, 2.0, 3.0]).expect_err(name);
    let InvokeError::Trap(trap) = error else {
        panic!("{name}: {error}");
    };
    assert!(!guest.usable());
    let again = predict(&mut guest, &[1.0]);
    assert_eq!(again, Err(InvokeError::Unusable));
    assert!(guest.memory_bytes() <= limits.memory_bytes_max);
    still_answers(engine);
    trap
}

/// Whatever another guest did: one that keeps to the ABI gets its answer on the same engine.
pub(crate) fn still_answers(engine: &dyn Engine) {
    let mut guest = opened(engine, "echo", &limits());
    let outputs = predict(&mut guest, &[1.5, -2.0]).expect("the echo answers");
    assert_eq!(floats(&outputs[0]), [1.5, -2.0]);
}
