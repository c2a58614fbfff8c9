use weir_engine::{Export, Instance, Trap};

use crate::{
    fixtures::{self, budget},
    instance::WasmiInstance,
};

/// Recursion, loops, floats, bulk instructions and growth, mixed into one number.
const WORK: &str = r#"(module
  (memory (export "memory") 1 8)
  (func $fibonacci (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fibonacci (i32.sub (local.get $n) (i32.const 1)))
        (call $fibonacci (i32.sub (local.get $n) (i32.const 2)))))))
  (func (export "weir_abi") (result i32)
    (local $round i32) (local $hash i32) (local $sum f64)
    (loop $again
      (local.set $hash (i32.mul
        (i32.xor (local.get $hash) (call $fibonacci (i32.const 9)))
        (i32.const 0x01000193)))
      (memory.fill (i32.const 4096) (local.get $round) (i32.const 8192))
      (memory.copy (i32.const 16384) (i32.const 4099) (i32.const 8000))
      (local.set $hash (i32.add (local.get $hash) (i32.load (i32.const 16400))))
      (local.set $hash (i32.xor (local.get $hash) (memory.grow (i32.const 1))))
      (local.set $sum (f64.add
        (f64.mul (local.get $sum) (f64.const 0.99))
        (f64.convert_i32_u (local.get $round))))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $round) (i32.const 12))))
    (i32.xor (local.get $hash) (i32.trunc_sat_f64_u (local.get $sum)))))"#;

fn instance() -> WasmiInstance {
    fixtures::instance(wat::parse_str(WORK).expect("sound"))
}

/// The least fuel with which the work ends.
fn price() -> u64 {
    let ends = |fuel: u64| {
        let called = instance().call(Export::Abi, &[], budget(Some(fuel)));
        match called {
            Ok(_) => true,
            Err(Trap::Fuel { fuel: had }) => {
                assert_eq!(had, fuel);
                false
            }
            Err(trap) => panic!("{trap}"),
        }
    };
    let (mut low, mut high) = (0, 1 << 24);
    assert!(ends(high), "the work is small");
    while high - low > 1 {
        let middle = low.midpoint(high);
        if ends(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// The same work in slices of any size gives the same number, down to a pause at almost every block.
#[test]
fn a_pause_anywhere_changes_nothing() {
    let whole = instance().call(Export::Abi, &[], budget(None));
    let whole = whole.expect("it returns");
    for fuel in [1, 2, 3, 7, 64, 129, 1000, 20_000] {
        let mut sliced = instance();
        sliced.slice = fuel;
        assert_eq!(
            sliced.call(Export::Abi, &[], budget(None)),
            Ok(whole),
            "slices of {fuel}"
        );
    }
}

#[test]
fn the_price_does_not_depend_on_the_slices() {
    let price = price();
    let mut exact = instance();
    assert!(exact.call(Export::Abi, &[], budget(Some(price))).is_ok());
    let mut short = instance();
    let fuel = price - 1;
    assert_eq!(
        short.call(Export::Abi, &[], budget(Some(fuel))),
        Err(Trap::Fuel { fuel })
    );
}

/// A guest must not be able to overflow the native stack of its thread, which would end the process (and this
/// test with it), however long it runs.
#[test]
fn a_long_run_needs_little_native_stack() {
    let thread = std::thread::Builder::new().stack_size(1024 * 1024);
    let run = || {
        let mut guest = instance();
        for _ in 0..500 {
            guest
                .call(Export::Abi, &[], budget(None))
                .expect("it returns");
        }
    };
    thread
        .spawn(run)
        .expect("a thread")
        .join()
        .expect("no panic");
}
