//! The maker's side of [`Shipped`](crate::shipped::Shipped): code for packages.

use std::io::{self, Write};

use lzma_rust2::{FilterType, XzOptions, XzWriter};

use crate::{
    cache::{Form, Key, content_of},
    shipped::{self, DICTIONARY_BYTES, file_name},
};
use sha2::{Digest, Sha256};

/// The strongest preset, with a dictionary that a small machine can unpack.
const PRESET: u32 = 9;

/// A guest's code, as packages carry it.
#[derive(Debug)]
pub struct Precompiled {
    /// The file's name, by which it is found.
    pub name: String,
    /// What the file holds.
    pub bytes: Vec<u8>,
    /// What it holds when it is unpacked.
    pub unpacked_bytes: usize,
}

/// Why a guest cannot be compiled for packages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrecompileError {
    /// Wasmtime's reason; it may lack what compiles for that processor.
    #[error("failed to compile guest {guest} for {target}: {reason}")]
    Compile {
        /// The guest.
        guest: String,
        /// The target.
        target: String,
        /// Wasmtime's words.
        reason: String,
    },
    /// It cannot be packed.
    #[error("failed to pack the code of guest {guest}")]
    Pack {
        /// The guest.
        guest: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

/// Compiles a guest for every processor of an architecture, named as Rust names targets.
///
/// # Errors
/// Fails where the guest is refused, and where this build compiles for this machine's architecture only (feature
/// `cross`).
pub fn precompile(guest: &str, wasm: &[u8], target: &str) -> Result<Precompiled, PrecompileError> {
    let refused = |error: wasmtime::Error| PrecompileError::Compile {
        guest: guest.to_owned(),
        target: target.to_owned(),
        reason: format!("{error:#}"),
    };
    let engine = shipped::compiler(target).map_err(refused)?;
    let code = engine.precompile_module(wasm).map_err(refused)?;
    let bytes = packed(&code, target).map_err(|cause| PrecompileError::Pack {
        guest: guest.to_owned(),
        cause,
    })?;
    let sha256: [u8; 32] = Sha256::digest(wasm).into();
    let key = Key {
        guest: &sha256,
        form: Form::Cold,
    };
    Ok(Precompiled {
        name: file_name(guest, &engine, key, &content_of(&bytes)),
        unpacked_bytes: code.len(),
        bytes,
    })
}

/// Compressed; for ARM with the addresses of calls made alike first, which makes code for x86 no smaller.
fn packed(code: &[u8], target: &str) -> io::Result<Vec<u8>> {
    let mut options = XzOptions::with_preset(PRESET);
    options.lzma_options.dict_size = DICTIONARY_BYTES;
    if target.starts_with("aarch64") {
        // Instructions of four bytes.
        options.lzma_options.lc = 2;
        options.lzma_options.lp = 2;
        options.prepend_pre_filter(FilterType::BcjArm64, 0);
    }
    let mut writer = XzWriter::new(Vec::new(), options)?;
    writer.write_all(code)?;
    writer.finish()
}
