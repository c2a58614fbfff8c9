use std::{sync::Arc, time::Duration};

use guest_abi::{DType, MANIFEST_SECTION, Manifest};
use sha2::{Digest, Sha256};
use wasmparser::{Parser, Payload};
use weir_engine::{
    Engine, Equipment, Guest, GuestCode, GuestOrigin, Limits, Signature, State, Tensor, TensorRef,
};
use weir_engine_wasmi::WasmiEngine;
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};

use crate::{Case, FUEL_MAX, MEMORY_BYTES_MAX, read};

/// The gateway's way with a guest, under one engine.
pub(crate) struct Gateway(Box<dyn Engine>);

/// What a guest answered, and the linear memory that it had in the end.
pub(crate) struct Answers {
    pub(crate) calls: Vec<Vec<Tensor>>,
    pub(crate) memory_bytes: u64,
}

impl Gateway {
    pub(crate) fn each() -> [Self; 2] {
        let wasmtime = WasmtimeEngine::new(CacheDir::none()).expect("a thread for the ticker");
        [Self(Box::new(WasmiEngine::new())), Self(Box::new(wasmtime))]
    }

    pub(crate) fn run(&self, case: &Case) -> Answers {
        let Manifest {
            inputs,
            outputs,
            state,
            ..
        } = case.manifest.clone();
        let signature = Arc::new(Signature::new(inputs, outputs, state).expect("sound"));
        let limits = limits(self.0.enforces().fuel.then_some(FUEL_MAX));
        let module = self
            .0
            .load(&code(case), &Equipment::default(), &limits)
            .expect("it loads");
        let model = case.model.as_deref();
        let mut guest =
            Guest::open(module.as_ref(), Arc::clone(&signature), model, &limits).expect("it opens");
        let mut state = State::initial(&signature);
        let calls = case.each().map(|data| {
            let mut outputs = Vec::new();
            let input = TensorRef {
                dtype: DType::F32,
                dims: &case.dims,
                data,
            };
            guest
                .predict(&[input], Some(&mut state), &mut outputs)
                .expect("it answers");
            outputs
        });
        let calls = calls.collect();
        Answers {
            calls,
            memory_bytes: guest.memory_bytes(),
        }
    }
}

/// A guest that `cargo xtask guests` built for microcontrollers, and its manifest.
pub(crate) fn built(guest: &str) -> (Vec<u8>, Manifest) {
    let folder = weir_tests::guests().expect("this executable has a place");
    let wasm = read(&folder.join(format!("{guest}.wasm")));
    let manifest = Parser::new(0).parse_all(&wasm).find_map(|payload| {
        let Payload::CustomSection(section) = payload.expect("a sound module") else {
            return None;
        };
        (section.name() == MANIFEST_SECTION)
            .then(|| Manifest::decode(section.data()).expect("a manifest"))
    });
    (wasm, manifest.expect("a guest has a manifest"))
}

fn code(case: &Case) -> GuestCode {
    GuestCode {
        name: case.guest.to_owned(),
        sha256: Sha256::digest(&case.wasm).into(),
        wasm: case.wasm.clone().into(),
        manifest: case.manifest.clone().into(),
        origin: GuestOrigin::Memory,
    }
}

fn limits(fuel_max: Option<u64>) -> Limits {
    Limits {
        memory_bytes_max: MEMORY_BYTES_MAX,
        table_elements_max: 256,
        stack_bytes_max: 64 * 1024,
        call_deadline: Duration::from_secs(30),
        load_deadline: Duration::from_secs(30),
        fuel_max,
        output_bytes_max: 64 * 1024,
        input_bytes_max: 64 * 1024,
        model_bytes_max: 128 * 1024,
        simd: false,
    }
}
