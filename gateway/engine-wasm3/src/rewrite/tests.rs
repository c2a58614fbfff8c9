use std::time::Duration;

use wasmparser::{Parser, Payload, Validator};
use weir_engine::Limits;

use super::*;

fn limits() -> Limits {
    Limits {
        memory_bytes_max: 3 * PAGE_BYTES + 5,
        table_elements_max: 10,
        stack_bytes_max: 0,
        call_deadline: Duration::ZERO,
        load_deadline: Duration::ZERO,
        fuel_max: None,
        output_bytes_max: 0,
        input_bytes_max: 0,
        model_bytes_max: 0,
        simd: false,
    }
}

/// The maxima of memory and table, and how many operators there are, after the limits were written in.
fn rewritten(text: &str) -> (Option<u64>, Option<u64>, usize) {
    let wasm = wat::parse_str(text).expect("sound");
    let limited = limited(&wasm, &limits()).expect("sound");
    Validator::new()
        .validate_all(&limited)
        .expect("still valid");
    let (mut memory, mut table, mut operators) = (None, None, 0);
    for payload in Parser::new(0).parse_all(&limited) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "four of wasmparser's many payloads matter here"
        )]
        match payload.expect("valid") {
            Payload::MemorySection(section) => {
                memory = section.into_iter().flatten().next().expect("one").maximum;
            }
            Payload::TableSection(section) => {
                table = section
                    .into_iter()
                    .flatten()
                    .next()
                    .expect("one")
                    .ty
                    .maximum;
            }
            Payload::CodeSectionEntry(body) => {
                operators += body.get_operators_reader().into_iter().flatten().count();
            }
            Payload::CustomSection(section) => panic!("{} is left", section.name()),
            _ => {}
        }
    }
    (memory, table, operators)
}

#[test]
fn maxima_become_the_profiles() {
    let module = |memory: &str| format!("(module (memory {memory}) (table 2 funcref))");
    assert_eq!(rewritten(&module("1")), (Some(3), Some(2), 0));
    assert_eq!(rewritten(&module("1 2")), (Some(2), Some(2), 0));
    assert_eq!(rewritten(&module("1 9")), (Some(3), Some(2), 0));
    assert_eq!(rewritten(&module("7")), (Some(7), Some(2), 0));
}

#[test]
fn what_wasm3_would_let_grow_without_end_does_not_grow() {
    let module = |memory: &str, table: &str| {
        format!(
            "(module (memory {memory}) (table {table} funcref)
               (func $grow (result i32)
                 (drop (table.grow (ref.null func) (i32.const 7)))
                 (memory.grow (i32.const 7))))"
        )
    };
    assert_eq!(rewritten(&module("1", "1")).2, 7);
    assert_eq!(rewritten(&module("0 0", "0")).2, 11);
    assert_eq!(rewritten(&module("0", "0")), (Some(3), Some(0), 9));
}
