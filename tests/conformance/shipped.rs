//! The guests that ship, as `cargo xtask guests` builds them.

mod anomaly;
mod golden;
mod kernels;
mod nn;
mod onnx;
mod tinynn;

use std::path::PathBuf;

use guest_abi::{MANIFEST_SECTION, Manifest};
use wasmparser::{Parser, Payload};
use weir_engine::GuestCode;

use crate::bench::guest_code;

/// The repository's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A built guest, and its manifest.
fn built(target: &str, name: &str) -> GuestCode {
    let path = root().join(format!("target/guests/{target}/release/{name}.wasm"));
    let wasm = read(&path);
    let manifest = manifest(&wasm);
    let mut code = guest_code(name, wasm);
    code.manifest = manifest.into();
    code
}

fn read(path: &PathBuf) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| {
        panic!(
            "{} is missing ({error}): run `cargo xtask test`, which builds the guests first",
            path.display()
        )
    })
}

fn manifest(wasm: &[u8]) -> Manifest {
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CustomSection(section) = payload.expect("a sound module")
            && section.name() == MANIFEST_SECTION
        {
            return Manifest::decode(section.data()).expect("a manifest");
        }
    }
    panic!("the guest carries no manifest");
}
