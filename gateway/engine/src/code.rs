use std::{fmt, sync::Arc};

use guest_abi::Manifest;

/// A guest's code after admission: checked, digested, its manifest read.
#[derive(Clone)]
pub struct GuestCode {
    /// The guest's name.
    pub name: String,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// The module.
    pub wasm: Arc<[u8]>,
    /// What it says of itself, checked against what it is.
    pub manifest: Arc<Manifest>,
    /// Where it came from.
    pub origin: GuestOrigin,
}

/// Where a guest's code came from, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuestOrigin {
    /// A file.
    File(std::path::PathBuf),
    /// Made in memory.
    Memory,
}

impl fmt::Debug for GuestCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestCode")
            .field("name", &self.name)
            .field("bytes", &self.wasm.len())
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
