//! Guests that are compiled in a process of their own: what they may cost, and what becomes of a process that fails.

use std::{path::PathBuf, sync::Arc, time::Duration};

use guest_abi::Manifest;
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, MemorySection, MemoryType,
    Module as Encoded, TypeSection, ValType,
};
use weir_engine::{
    Engine, Equipment, GuestCode, GuestModel, GuestOrigin, Limits, LoadError, Start,
};
use weir_engine_wasmtime::{CacheDir, CompileCosts, Compiler, WasmtimeEngine};

/// Keeps to the ABI as far as a model is loaded.
const GUEST: &str = r#"(module
  (memory (export "memory") 2 16)
  (global $model (mut i32) (i32.const 0))
  (func (export "weir_abi") (result i32) (i32.const 0x10000))
  (func (export "weir_buffer") (param i32 i32) (result i32) (i32.const 65536))
  (func (export "load_model") (param i32 i32) (result i32)
    (global.set $model (local.get 1)) (i32.const 0))
  (func (export "predict") (param i32 i32 i32 i32) (result i32) (i32.const 0)))"#;

fn limits() -> Limits {
    Limits {
        memory_bytes_max: 1 << 20,
        table_elements_max: 0,
        stack_bytes_max: 64 * 1024,
        call_deadline: Duration::from_secs(30),
        load_deadline: Duration::from_secs(30),
        fuel_max: None,
        output_bytes_max: 1024,
        input_bytes_max: 1024,
        model_bytes_max: 1024,
        simd: false,
    }
}

fn code(wasm: Vec<u8>) -> GuestCode {
    GuestCode {
        name: "tried".to_owned(),
        sha256: [wasm.len().to_le_bytes()[0]; 32],
        wasm: wasm.into(),
        manifest: Arc::new(Manifest {
            name: "tried".to_owned(),
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

fn guest() -> GuestCode {
    code(wat::parse_str(GUEST).expect("sound"))
}

/// One function so long that compiling it takes seconds and hundreds of MiB.
fn costly() -> GuestCode {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("predict", ExportKind::Func, 0);
    let mut function = Function::new([]);
    let mut body = function.instructions();
    body.local_get(0);
    for step in 0..400_000 {
        body.i32_const(step).i32_mul().local_get(1).i32_add();
    }
    body.end();
    let mut code_section = CodeSection::new();
    code_section.function(&function);
    let mut module = Encoded::new();
    module
        .section(&types)
        .section(&functions)
        .section(&memories)
        .section(&exports)
        .section(&code_section);
    code(module.finish())
}

fn engine(program: impl Into<PathBuf>, arguments: &[&str], costs: CompileCosts) -> WasmtimeEngine {
    let engine = WasmtimeEngine::new(CacheDir::none()).expect("a thread for the ticker");
    engine.compiling(Compiler::Process {
        program: program.into(),
        arguments: arguments.iter().map(Into::into).collect(),
        costs,
    })
}

fn compiler(costs: CompileCosts) -> WasmtimeEngine {
    engine(env!("CARGO_BIN_EXE_compile-guest"), &[], costs)
}

fn refusal(engine: &WasmtimeEngine, code: &GuestCode) -> String {
    match engine.load(code, &Equipment::default(), &limits()) {
        Err(LoadError::Rejected { reason, .. }) => reason,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was compiled"),
    }
}

#[test]
fn a_guest_is_compiled_with_and_without_its_model() {
    let engine = compiler(CompileCosts::default());
    let cold = engine.load(&guest(), &Equipment::default(), &limits());
    assert_eq!(cold.expect("it compiles").start(), Start::Cold);
    let model = GuestModel {
        sha256: [1; 32],
        bytes: (*b"model").into(),
    };
    let equipment = Equipment {
        model: Some(model),
        nn: None,
    };
    let module = engine.load(&guest(), &equipment, &limits());
    let module = module.expect("it compiles");
    assert_eq!((module.start(), module.why_cold()), (Start::Snapshot, None));
    module.instantiate().expect("an instance");
}

#[test]
fn a_guest_that_takes_too_much_memory_is_refused() {
    let engine = compiler(CompileCosts {
        base_bytes: 96 << 20,
        bytes_per_byte: 0,
        ..CompileCosts::default()
    });
    let words = refusal(&engine, &costly());
    assert!(words.contains("more memory than 96 MiB"), "{words}");
    engine
        .load(&guest(), &Equipment::default(), &limits())
        .expect("another guest is none the worse for it");
}

#[test]
fn a_guest_that_takes_too_long_is_refused() {
    let engine = compiler(CompileCosts {
        base_seconds: 0,
        seconds_per_mib: 0,
        ..CompileCosts::default()
    });
    let words = refusal(&engine, &costly());
    assert!(
        words.contains("is what a guest of its size may take"),
        "{words}"
    );
}

#[test]
fn a_compiler_that_fails_is_named_with_its_end() {
    for (script, wanted) in [
        ("kill -KILL $$", "SIGKILL"),
        (
            "echo out of luck >&2; exit 7",
            "exit status: 7), and said: out of luck",
        ),
        (
            "echo garbage, and more of it than an answer is long >&0",
            "its compiler ended",
        ),
    ] {
        let engine = engine("/bin/sh", &["-c", script], CompileCosts::default());
        let words = refusal(&engine, &guest());
        assert!(words.contains(wanted), "{script}: {words}");
    }
    let engine = engine("/nowhere/weir", &[], CompileCosts::default());
    let words = refusal(&engine, &guest());
    assert!(words.contains("does not start"), "{words}");
}
