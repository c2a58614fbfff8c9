use std::{sync::Arc, time::Duration};

use criterion::Criterion;
use guest_abi::{DType, Manifest, TensorInfo};
use sha2::{Digest, Sha256};
use weir_engine::{
    Engine, Equipment, Guest, GuestCode, GuestOrigin, Limits, Signature, State, TensorRef,
};
use weir_engine_wasm3::Wasm3Engine;
use weir_engine_wasmi::WasmiEngine;
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};

/// A call of a guest that does nothing: the way there and back, inputs and outputs included.
pub(crate) fn benches(criterion: &mut Criterion) {
    let mut engines: Vec<Box<dyn Engine>> = vec![
        Box::new(WasmiEngine::new()),
        Box::new(WasmtimeEngine::new(CacheDir::none()).expect("a thread")),
    ];
    match weir_tests::wasm3_worker().map(Wasm3Engine::new) {
        Ok(Ok(wasm3)) => engines.push(Box::new(wasm3)),
        Ok(Err(error)) => eprintln!("without wasm3: {error}"),
        Err(error) => eprintln!("without wasm3: {error}"),
    }
    let mut group = criterion.benchmark_group("call");
    for engine in engines {
        let (mut guest, signature) = open(engine.as_ref());
        let mut state = State::initial(&signature);
        let mut outputs = Vec::new();
        let data = 1.5_f32.to_le_bytes();
        group.bench_function(engine.kind().name(), |bencher| {
            bencher.iter(|| {
                let input = TensorRef {
                    dtype: DType::F32,
                    dims: &[1],
                    data: &data,
                };
                let called = guest.predict(&[input], Some(&mut state), &mut outputs);
                called.expect("a guest that does nothing does nothing wrong");
            });
        });
    }
    group.finish();
}

fn open(engine: &dyn Engine) -> (Guest, Arc<Signature>) {
    let wasm = wat::parse_str(include_str!("../engines/empty.wat")).expect("good text");
    let tensor = |name: &str| TensorInfo {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: vec![1],
        len_max: 4,
    };
    let (inputs, outputs) = (vec![tensor("x")], vec![tensor("y")]);
    let signature = Signature::new(inputs.clone(), outputs.clone(), Vec::new());
    let signature = Arc::new(signature.expect("a good signature"));
    let code = GuestCode {
        name: "empty".to_owned(),
        sha256: Sha256::digest(&wasm).into(),
        wasm: wasm.into(),
        manifest: Arc::new(Manifest {
            name: "empty".to_owned(),
            version: "1.0.0".to_owned(),
            abi: guest_abi::abi_version(),
            model_format: String::new(),
            inputs,
            outputs,
            state: Vec::new(),
            labels: Vec::new(),
            features: Vec::new(),
        }),
        origin: GuestOrigin::Memory,
    };
    let limits = limits();
    let module = engine
        .load(&code, &Equipment::default(), &limits)
        .expect("a good guest");
    let guest = Guest::open(module.as_ref(), Arc::clone(&signature), None, &limits);
    (guest.expect("it opens"), signature)
}

/// A chip's, with time enough for a busy machine.
fn limits() -> Limits {
    let settings = weir_profile::parse("")
        .expect("the usual configuration")
        .settings;
    let mut profiles = settings.profiles.values();
    let chip = profiles.find(|profile| profile.name.as_str() == "cortex-m4-256k");
    Limits {
        call_deadline: Duration::from_secs(60),
        load_deadline: Duration::from_secs(300),
        fuel_max: None,
        ..chip.expect("it ships").limits.clone()
    }
}
