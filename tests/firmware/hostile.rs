use guest_abi::{DType, Manifest, TensorInfo, abi_version};

use crate::{Case, chip::Chip};

/// What a guest does instead of answering: a body of `weir_buffer`, one of `predict`, and what the chip says of it.
const TRIED: [(&str, &str, &str); 7] = [
    (
        BUFFER,
        "(loop (br 0)) (unreachable)",
        "wasmi does not run the guest: all fuel consumed by WebAssembly",
    ),
    (
        BUFFER,
        "(call $predict (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
        "wasmi does not run the guest: call stack exhausted",
    ),
    (
        BUFFER,
        "(i32.load (i32.const 0x7ffffff0))",
        "wasmi does not run the guest: out of bounds memory access",
    ),
    (BUFFER, "(memory.grow (i32.const 1))", "predict returned -1"),
    (
        BUFFER,
        "(i32.store offset=8 (local.get 2) (i32.const 0x10000)) (i32.const 0)",
        "output 0 says 65536 bytes where 4 were reserved",
    ),
    (
        BUFFER,
        "(i32.const 0)",
        "output 0 has not the type, the sizes or the length that were stated",
    ),
    (
        "(i32.const 0x7fff0000)",
        "(i32.const 0)",
        "the guest named bytes outside of its memory: 96 at 0x7fff0000",
    ),
];

/// A KiB for each slot, one behind the other.
const BUFFER: &str = "(i32.shl (i32.add (local.get 0) (i32.const 1)) (i32.const 10))";

#[tokio::test]
async fn a_guest_that_does_not_answer_neither_stops_nor_crashes_the_chip() {
    let chip = Chip::installed();
    for (buffer, predict, words) in TRIED {
        let report = chip.run(&case(buffer, predict), 65_536).await;
        assert_eq!(report.failed.as_deref(), Some(words), "{predict}");
        assert!(report.calls.is_empty(), "{predict}");
    }
}

fn case(buffer: &str, predict: &str) -> Case {
    let text = format!(
        r#"(module
            (memory (export "memory") 1 2)
            (func (export "weir_abi") (result i32) (i32.const {}))
            (func (export "weir_buffer") (param i32 i32) (result i32) {buffer})
            (func $predict (export "predict") (param i32 i32 i32 i32) (result i32) {predict}))"#,
        abi_version()
    );
    Case {
        guest: "hostile",
        wasm: wat::parse_str(text).expect("a module"),
        manifest: Manifest {
            name: "hostile".to_owned(),
            version: "1.0.0".to_owned(),
            abi: abi_version(),
            model_format: String::new(),
            inputs: vec![number("x")],
            outputs: vec![number("y")],
            state: Vec::new(),
            labels: Vec::new(),
            features: Vec::new(),
        },
        model: None,
        dims: vec![1],
        data: 1.0_f32.to_le_bytes().to_vec(),
    }
}

fn number(name: &str) -> TensorInfo {
    TensorInfo {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: vec![1],
        len_max: 4,
    }
}
