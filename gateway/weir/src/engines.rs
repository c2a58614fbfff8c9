//! The engines of this build: the one place that names every one.

use std::{path::Path, sync::Arc};

use weir_engine::{Enforces, Engine, EngineKind};
use weir_engine_wasmi::WasmiEngine;
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};
use weir_profile::{EngineDecision, EngineError, HostEngines, Profile};

/// The engines of this build, ready to load guests.
pub(crate) struct Engines {
    present: Vec<(EngineKind, Enforces, Arc<dyn Engine>)>,
}

/// An engine that this build does not have.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Absent {
    pub(crate) engine: &'static str,
    pub(crate) reason: &'static str,
}

impl Engines {
    /// Starts every engine; compiled guests are kept in `cache`.
    pub(crate) fn start(cache: &Path) -> anyhow::Result<Self> {
        let engines: [Arc<dyn Engine>; 2] = [
            Arc::new(WasmiEngine::new()),
            Arc::new(WasmtimeEngine::new(CacheDir::at(cache))?),
        ];
        let present = engines.map(|engine| (engine.kind(), engine.enforces(), engine));
        Ok(Self {
            present: present.into(),
        })
    }

    /// The engine of this kind.
    pub(crate) fn get(&self, kind: EngineKind) -> Option<&dyn Engine> {
        let found = self.present.iter().find(|(present, ..)| *present == kind);
        found.map(|(_, _, engine)| &**engine)
    }

    /// Every engine that is here.
    pub(crate) fn all(&self) -> impl Iterator<Item = &dyn Engine> {
        self.present.iter().map(|(_, _, engine)| &**engine)
    }

    /// The engine for a profile on this machine, and why.
    pub(crate) fn choose(&self, profile: &Profile) -> Result<EngineDecision, EngineError> {
        let engines: Vec<_> = self
            .present
            .iter()
            .map(|(kind, enforces, _)| (*kind, *enforces))
            .collect();
        let host = HostEngines {
            architecture: std::env::consts::ARCH,
            engines: &engines,
        };
        weir_profile::choose_engine(profile, host)
    }

    /// The engines that are not here, and why.
    pub(crate) fn absent(&self) -> Vec<Absent> {
        EngineKind::ALL
            .into_iter()
            .filter(|kind| self.get(*kind).is_none())
            .map(|kind| Absent {
                engine: kind.name(),
                reason: "not part of this build",
            })
            .collect()
    }
}
