//! What a new instance costs: `cargo bench -p weir-engine-wasmtime`. The guests are those of `cargo xtask guests`.

use std::{hint::black_box, path::PathBuf, sync::Arc, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use guest_abi::{DType, Manifest, TensorInfo};
use sha2::{Digest, Sha256};
use weir_engine::{
    Budget, Engine, Equipment, Export, Guest, GuestCode, GuestModel, GuestOrigin, Instance, Limits,
    Module, Signature, Start, TensorRef,
};
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};

/// A guest, its model, and the sizes of its input and output.
const CASES: [(&str, &str, &[i32], &[i32]); 2] = [
    ("tinynn", "vibration-int8/model.int8", &[1, 3, 128], &[1, 4]),
    ("onnx", "vibration-bands/model.onnx", &[1, 32], &[1, 4]),
];

struct Case {
    module: Arc<dyn Module>,
    signature: Arc<Signature>,
    model: Vec<u8>,
    limits: Limits,
    dims: Vec<u32>,
    data: Vec<u8>,
}

impl Case {
    fn of(engine: &dyn Engine, guest: &str, model: &str, input: &[i32], output: &[i32]) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |path: String| {
            let path = root.join(path);
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let wasm = read(format!("target/share/weir/guests/{guest}.wasm"));
        let model = read(format!("models/{model}"));
        let limits = limits();
        let equipment = Equipment {
            model: Some(GuestModel {
                sha256: Sha256::digest(&model).into(),
                bytes: model.as_slice().into(),
            }),
            nn: None,
        };
        let module = engine.load(&code(guest, wasm), &equipment, &limits);
        let module = module.expect("it loads");
        assert_eq!(module.start(), Start::Snapshot, "{:?}", module.why_cold());
        let infos = (vec![info("x", input)], vec![info("y", output)]);
        let signature = Signature::new(infos.0, infos.1, Vec::new()).expect("sound");
        let dims: Vec<u32> = input.iter().map(|dim| dim.unsigned_abs()).collect();
        let elements: u32 = dims.iter().product();
        Self {
            module,
            signature: Arc::new(signature),
            model,
            limits,
            data: vec![0; usize::try_from(elements).expect("few") * 4],
            dims,
        }
    }

    fn instance(&self) -> Box<dyn Instance> {
        self.module.instantiate().expect("an instance")
    }

    fn open(&self) -> Guest {
        let signature = Arc::clone(&self.signature);
        let opened = Guest::open(&*self.module, signature, Some(&self.model), &self.limits);
        opened.expect("it opens")
    }

    fn predict(&self, guest: &mut Guest) {
        let input = TensorRef {
            dtype: DType::F32,
            dims: &self.dims,
            data: &self.data,
        };
        let mut outputs = Vec::new();
        let answered = guest.predict(&[input], None, &mut outputs);
        answered.expect("it answers");
        black_box(outputs);
    }
}

fn limits() -> Limits {
    Limits {
        memory_bytes_max: 256 << 20,
        table_elements_max: 100_000,
        stack_bytes_max: 1 << 20,
        call_deadline: Duration::from_secs(10),
        load_deadline: Duration::from_secs(120),
        fuel_max: None,
        output_bytes_max: 1 << 20,
        input_bytes_max: 1 << 20,
        model_bytes_max: 64 << 20,
        simd: true,
    }
}

fn code(name: &str, wasm: Vec<u8>) -> GuestCode {
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
            state: Vec::new(),
            labels: Vec::new(),
            features: Vec::new(),
        }),
        origin: GuestOrigin::Memory,
    }
}

fn info(name: &str, dims: &[i32]) -> TensorInfo {
    let elements: u32 = dims.iter().map(|dim| dim.unsigned_abs()).product();
    TensorInfo {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: dims.to_vec(),
        len_max: elements * 4,
    }
}

fn instances(criterion: &mut Criterion) {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled-guests");
    let engine = WasmtimeEngine::new(CacheDir::at(cache)).expect("a thread for the ticker");
    for (guest, model, input, output) in CASES {
        let case = Case::of(&engine, guest, model, input, output);
        let mut group = criterion.benchmark_group(guest);
        group.bench_function("instantiate", |bencher| {
            bencher.iter_batched(|| (), |()| case.instance(), BatchSize::PerIteration);
        });
        group.bench_function("open", |bencher| {
            bencher.iter_batched(|| (), |()| case.open(), BatchSize::PerIteration);
        });
        group.bench_function("open_and_predict", |bencher| {
            let first = |()| {
                let mut guest = case.open();
                case.predict(&mut guest);
                guest
            };
            bencher.iter_batched(|| (), first, BatchSize::PerIteration);
        });
        group.bench_function("open_predict_and_drop", |bencher| {
            bencher.iter(|| case.predict(&mut case.open()));
        });
        let mut guest = case.open();
        group.bench_function("predict", |bencher| {
            bencher.iter(|| case.predict(&mut guest));
        });
        let mut instance = case.instance();
        let budget = Budget {
            deadline: Duration::from_secs(10),
            fuel: None,
        };
        group.bench_function("no_op_call", |bencher| {
            bencher.iter(|| instance.call(Export::Abi, &[], budget).expect("it returns"));
        });
        group.finish();
    }
}

criterion_group!(benches, instances);
criterion_main!(benches);
