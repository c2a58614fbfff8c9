use std::{fmt, sync::Arc};

use crate::NnProvider;

/// What a guest is made ready with, beside its code and its limits.
#[derive(Clone, Default)]
pub struct Equipment {
    /// The model that its instances are going to have. An engine may load it once, and hand out instances that have
    /// it already ([`Start::Snapshot`](crate::Start)).
    pub model: Option<GuestModel>,
    /// The nn backend that it may reach; none: the imports of `wasi_ephemeral_nn` are refused.
    pub nn: Option<Arc<dyn NnProvider>>,
}

/// The bytes that `load_model` gets.
#[derive(Clone)]
pub struct GuestModel {
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// The bytes.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for Equipment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Equipment")
            .field("model", &self.model)
            .field("nn", &self.nn.is_some())
            .finish()
    }
}

impl fmt::Debug for GuestModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestModel")
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
