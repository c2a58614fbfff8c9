use weir_engine::{Export, Instance};

use super::*;
use crate::fixtures;

/// `(a + 10) + (condition ? 1 : 2)`, where `condition` is made of the parameters a and b: something else is in the
/// register when it is tested.
fn module(condition: &str) -> Vec<u8> {
    let text = format!(
        r#"(module (memory (export "memory") 1)
          (global $zero i32 (i32.const 0))
          (func (export "weir_buffer") (param $a i32) (param $b i32) (result i32)
            (i32.add (local.get $a) (i32.const 10))
            (i32.const 1) (i32.const 2) {condition} (select)
            (i32.add)))"#
    );
    wat::parse_str(text).expect(condition)
}

/// What a condition gives under the engine.
fn of(condition: &str, a: i32, b: i32) -> i32 {
    fixtures::instance(module(condition))
        .call(Export::Buffer, &[a, b], fixtures::budget(None))
        .expect(condition)
}

#[test]
fn a_condition_is_its_value_whatever_was_computed_before() {
    type Host = fn(i32, i32) -> bool;
    let conditions: [(&str, Host); 14] = [
        ("(i32.eqz (local.get $a))", |a, _| a == 0),
        ("(i32.eqz (i32.eqz (local.get $a)))", |a, _| a != 0),
        ("(i32.eq (local.get $b) (i32.const 0))", |_, b| b == 0),
        ("(i32.eq (i32.const 0) (local.get $b))", |_, b| b == 0),
        ("(i32.eq (local.get $b) (global.get $zero))", |_, b| b == 0),
        ("(i32.ne (local.get $b) (i32.const 0))", |_, b| b != 0),
        (
            "(i32.ne (local.get $b) (i32.sub (i32.const 7) (i32.const 7)))",
            |_, b| b != 0,
        ),
        ("(i32.eqz (local.get $a)) (nop)", |a, _| a == 0),
        ("(i32.eqz (local.get $a)) (drop (local.get $b))", |a, _| {
            a == 0
        }),
        ("(block (result i32) (i32.eqz (local.get $a)))", |a, _| {
            a == 0
        }),
        ("(local.tee $a (i32.eqz (local.get $b)))", |_, b| b == 0),
        ("(i32.lt_u (local.get $a) (i32.const 1))", |a, _| a == 0),
        ("(i32.lt_s (local.get $a) (local.get $b))", |a, b| a < b),
        ("(local.get $b)", |_, b| b != 0),
    ];
    for (condition, host) in conditions {
        for (a, b) in [
            (0, 0),
            (0, 1),
            (1, 0),
            (-10, 0),
            (-10, 5),
            (i32::MIN, i32::MIN),
            (5, -10),
        ] {
            let wanted = (a + 10) + if host(a, b) { 1 } else { 2 };
            assert_eq!(of(condition, a, b), wanted, "{condition} of {a} and {b}");
        }
    }
}

/// Where this fails, wasmi has been mended: the guard may go.
#[test]
fn wasmi_alone_tests_the_register() {
    let engine = wasmi::Engine::default();
    let wasm = module("(i32.eqz (local.get $a))");
    let module = wasmi::Module::new(&engine, wasm).expect("valid");
    let mut store = wasmi::Store::new(&engine, ());
    let instance = wasmi::Linker::new(&engine).instantiate_and_start(&mut store, &module);
    let function = instance
        .expect("no imports")
        .get_typed_func::<(i32, i32), i32>(&store, "weir_buffer")
        .expect("it is exported");
    let zero = function.call(&mut store, (0, 0)).expect("it returns");
    assert_ne!(zero, 11, "0 == 0 chooses the first");
}

#[test]
fn other_code_stays_as_it_is() {
    let wasm = wat::parse_str(
        "(module (func (param i32 i32) (result i32)
           (select (local.get 0) (local.get 1) (i32.gt_s (local.get 0) (local.get 1)))))",
    );
    let wasm = wasm.expect("sound");
    assert!(matches!(guarded(&wasm), Ok(Cow::Borrowed(_))));
}

#[test]
fn what_is_no_module_is_refused() {
    assert!(guarded(b"\0asm\x01\0\0\0\x0a\xff").is_err());
}
