use std::{fs, path::PathBuf, sync::Arc};

use guest_abi::Manifest;
use sha2::{Digest, Sha256};
use weir_engine::{GuestCode, GuestOrigin, Trap};

pub(crate) fn guest_code(name: &str, wasm: &[u8], manifest: Manifest) -> GuestCode {
    GuestCode {
        name: name.to_owned(),
        sha256: Sha256::digest(wasm).into(),
        wasm: wasm.into(),
        manifest: Arc::new(manifest),
        origin: GuestOrigin::Memory,
    }
}

/// The name of a trap's kind, which has to be the same everywhere; the words in it are each engine's own.
pub(crate) fn kind(trap: &Trap) -> String {
    let words = format!("{trap:?}");
    let end = words.find(|sign: char| !sign.is_alphanumeric());
    words[..end.unwrap_or(words.len())].to_owned()
}

/// Writes the module where it can be looked at, and says where.
pub(crate) fn keep(code: &GuestCode, difference: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("differential");
    let file = folder.join(format!("{}.wasm", code.name));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, &code.wasm))
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    format!("{}: {difference}; see {}", code.name, file.display())
}
