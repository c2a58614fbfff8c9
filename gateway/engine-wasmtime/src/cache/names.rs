use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};

use super::folder::SUFFIX_REASON;

/// Changes where the files mean something else than before.
const FORMAT: u8 = 3;

/// What compiled code is of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key<'a> {
    /// SHA-256 of the guest's module.
    pub(crate) guest: &'a [u8; 32],
    /// What its instances begin with.
    pub(crate) form: Form<'a>,
}

/// What the instances of compiled code begin with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form<'a> {
    /// What the guest's code states.
    Cold,
    /// The same, compiled elsewhere for every processor of this architecture.
    Shipped,
    /// The same as the first, to load a model once and be looked into: compiled quickly.
    Loader,
    /// A loaded model.
    Snapshot {
        /// SHA-256 of the model.
        model: &'a [u8; 32],
    },
}

/// The configuration and the guest that a file is for, then its form.
pub(crate) fn prefix(engine: &wasmtime::Engine, Key { guest, form }: Key<'_>) -> String {
    let configuration = configuration(engine);
    let form = match form {
        Form::Cold => "cold".to_owned(),
        Form::Shipped => "shipped".to_owned(),
        Form::Loader => "loader".to_owned(),
        Form::Snapshot { model } => hex(&model[..16]),
    };
    format!("{configuration}-{}-{form}-", hex(&guest[..16]))
}

pub(super) fn reason_name(engine: &wasmtime::Engine, key: Key<'_>) -> String {
    let configuration = configuration(engine);
    format!("{configuration}-{}{SUFFIX_REASON}", hex(&key.guest[..16]))
}

/// Everything that compiled code depends on beside the guest, Wasmtime's version included.
fn configuration(engine: &wasmtime::Engine) -> String {
    let mut digest = DigestHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut digest);
    digest.0.update([FORMAT]);
    hex(&digest.0.finalize()[..8])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hashes what Wasmtime feeds to a [`Hasher`] in a way that no release of the standard library changes.
struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}
