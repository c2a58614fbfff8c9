//! How much fuel a slice has in this build.
//!
//! wasmi's handlers call each other in tail position, and rely on the compiler to turn that into jumps. Nothing in
//! Rust promises it: a build with debug assertions does not, an unknown architecture may not. Then each instruction
//! keeps a native frame until the run pauses, and an endless loop would overflow the thread's stack and end the
//! process. So the first instance measures, and where frames stay, slices are short enough for them.

use std::sync::OnceLock;

use wasmi::{Caller, Config, Engine, Linker, Module, Store};

/// 20 to 60 µs on a desktop core: a pause costs less than a hundredth of it.
const SLICE: u64 = 20_000;
/// Where frames stay: a few times 500 instructions with a few hundred bytes each.
const SLICE_SHORT: u64 = 500;
/// The stack that the probe's 1000 instructions may use where no frames stay.
const DRIFT_BYTES_MAX: usize = 4096;

/// `probe.wat`, assembled: a test compares the two.
#[rustfmt::skip]
const PROBE: &[u8] = &[
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x60, 0x01, 0x7e, 0x00, 0x60, 0x00, 0x00, 0x02, 0x09,
    0x01, 0x00, 0x04, 0x6d, 0x61, 0x72, 0x6b, 0x00, 0x00, 0x03, 0x02, 0x01, 0x01, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x07,
    0x01, 0x03, 0x72, 0x75, 0x6e, 0x00, 0x01, 0x0a, 0x34, 0x01, 0x32, 0x01, 0x01, 0x7f, 0x42, 0x00, 0x10, 0x00, 0x03, 0x40,
    0x41, 0x00, 0x41, 0x00, 0x28, 0x02, 0x00, 0x20, 0x00, 0x6a, 0x36, 0x02, 0x00, 0x20, 0x00, 0x41, 0x01, 0x6a, 0x21, 0x00,
    0x20, 0x00, 0x41, 0xe4, 0x00, 0x49, 0x0d, 0x00, 0x0b, 0x42, 0x01, 0x10, 0x00, 0x41, 0x00, 0x41, 0x00, 0x36, 0x02, 0x00,
    0x0b, 0x00, 0x26, 0x04, 0x6e, 0x61, 0x6d, 0x65, 0x01, 0x07, 0x01, 0x00, 0x04, 0x6d, 0x61, 0x72, 0x6b, 0x02, 0x0a, 0x01,
    0x01, 0x01, 0x00, 0x05, 0x72, 0x6f, 0x75, 0x6e, 0x64, 0x03, 0x0a, 0x01, 0x01, 0x01, 0x00, 0x05, 0x61, 0x67, 0x61, 0x69,
    0x6e,
];

/// The fuel of a slice.
pub(crate) fn slice() -> u64 {
    static SLICE_OF_THIS_BUILD: OnceLock<u64> = OnceLock::new();
    *SLICE_OF_THIS_BUILD.get_or_init(|| match drift() {
        Ok(bytes) if bytes <= DRIFT_BYTES_MAX => SLICE,
        _ => SLICE_SHORT,
    })
}

/// The distance in the native stack between two calls of one host function from one guest function.
fn drift() -> Result<usize, wasmi::Error> {
    let engine = Engine::new(&Config::default());
    let module = Module::new(&engine, PROBE)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "mark", mark)?;
    let mut store = Store::new(&engine, [0; 2]);
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    instance
        .get_typed_func::<(), ()>(&store, "run")?
        .call(&mut store, ())?;
    let [before, after] = *store.data();
    Ok(usize::abs_diff(before, after))
}

#[inline(never)]
fn mark(mut caller: Caller<'_, [usize; 2]>, which: i64) {
    let here = 0_u8;
    let address = std::ptr::from_ref(std::hint::black_box(&here)).addr();
    if let Some(mark) = usize::try_from(which)
        .ok()
        .and_then(|which| caller.data_mut().get_mut(which))
    {
        *mark = address;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_text() {
        let text = include_str!("probe/probe.wat");
        assert_eq!(wat::parse_str(text).expect("sound"), PROBE);
    }

    #[test]
    fn the_probe_runs() {
        let drift = drift().expect("the probe is sound");
        println!("{drift} bytes of native stack for the probe's instructions");
        assert!(drift < 1024 * 1024);
    }
}
