//! What stands for the nn backends where none is part of the build: the package would be twice as large.

use std::sync::Arc;

use weir_engine::{GuestCode, NnProvider};
use weir_profile::{NnBackend, Profile};
use weir_store::Model;

/// What the guests of a profile get: words.
pub(super) struct Chosen {
    pub(super) words: String,
    pub(super) instead: Option<String>,
}

/// None, where the profile grants one.
pub(super) fn choose(profile: &Profile) -> Option<Chosen> {
    match profile.nn_backend {
        NnBackend::None => None,
        NnBackend::Tract | NnBackend::OnnxRuntime => Some(Chosen {
            words: "none: this build has no nn backend, as every one for 32-bit processors"
                .to_owned(),
            instead: None,
        }),
    }
}

impl Chosen {
    /// No graphs.
    ///
    /// # Errors
    /// Always: there is no backend.
    pub(super) fn provide(
        &self,
        code: &GuestCode,
        _profile: &Profile,
        _model: Option<&Model>,
    ) -> anyhow::Result<Arc<dyn NnProvider>> {
        anyhow::bail!(
            "guest {} computes its graphs on the host, which builds for 32-bit processors cannot: use guest onnx or tinynn",
            code.name
        )
    }
}
