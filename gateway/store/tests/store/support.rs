//! Guests made in the test from WebAssembly text, and the profiles that they are admitted for.

use guest_abi::{MANIFEST_SECTION, Manifest, TensorInfo};
use weir_engine::{GuestCode, GuestOrigin};
use weir_profile::{GuestName, Profile, ProfileName};
use weir_store::{AdmitError, admit};

/// Every export that a guest must have, with a memory that fits every class.
pub(crate) const EXPORTS: &str = r#"
(memory (export "memory") 1 2)
(func (export "weir_abi") (result i32) i32.const 65536)
(func (export "weir_buffer") (param i32 i32) (result i32) i32.const 1024)
(func (export "predict") (param i32 i32 i32 i32) (result i32) i32.const 0)
"#;

pub(crate) fn profile(name: &str) -> Profile {
    let settings = weir_profile::parse("")
        .expect("an empty configuration")
        .settings;
    let name: ProfileName = name.parse().expect("a name");
    settings.profiles[&name].clone()
}

pub(crate) fn tensor(name: &str, dims: &[i32], len_max: u32) -> TensorInfo {
    TensorInfo {
        name: name.to_owned(),
        dtype: 1,
        dims: dims.to_vec(),
        len_max,
    }
}

pub(crate) fn manifest() -> Manifest {
    Manifest {
        name: "fixture".to_owned(),
        version: "1.0.0".to_owned(),
        abi: guest_abi::abi_version(),
        model_format: String::new(),
        inputs: vec![tensor("x", &[3], 12)],
        outputs: vec![tensor("y", &[2], 8)],
        state: Vec::new(),
        labels: Vec::new(),
        features: Vec::new(),
    }
}

/// The module of a text (the inner part of `(module …)`), without a manifest.
pub(crate) fn module(text: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {text})")).expect("WebAssembly text")
}

/// The module with a custom section added.
pub(crate) fn with_section(mut wasm: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    let mut section = Vec::new();
    leb(name.len(), &mut section);
    section.extend(name.as_bytes());
    section.extend(data);
    wasm.push(0);
    leb(section.len(), &mut wasm);
    wasm.extend(section);
    wasm
}

pub(crate) fn with_manifest(wasm: Vec<u8>, manifest: &Manifest) -> Vec<u8> {
    let data = postcard::to_allocvec(manifest).expect("a manifest");
    with_section(wasm, MANIFEST_SECTION, &data)
}

fn leb(mut value: usize, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).expect("seven bits"));
}

pub(crate) fn admitted(wasm: Vec<u8>, profile: &Profile) -> Result<GuestCode, AdmitError> {
    let name: GuestName = "fixture".parse().expect("a name");
    admit(&name, wasm.into(), profile, GuestOrigin::Memory)
}

/// The error of a text with a manifest under a profile.
pub(crate) fn refused(text: &str, manifest: &Manifest, profile_name: &str) -> AdmitError {
    let wasm = with_manifest(module(text), manifest);
    admitted(wasm, &profile(profile_name)).expect_err("is refused")
}
