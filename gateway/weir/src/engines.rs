//! The engines of this build: the one place that names every one.

#[cfg(target_pointer_width = "64")]
mod wasmtime;
#[cfg(not(target_pointer_width = "64"))]
#[path = "engines/wasmtime_absent.rs"]
mod wasmtime;

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
};

use weir_engine::{Enforces, Engine, EngineKind};
use weir_engine_wasm3::Wasm3Engine;
use weir_engine_wasmi::WasmiEngine;
use weir_profile::{EngineDecision, EngineError, HostEngines, Profile, Settings};

pub(crate) use wasmtime::{GuestProfiles, Profiling, compile_for_gateway};

/// Names the worker of wasm3 where it lies elsewhere than beside `weir`.
const WORKER_VARIABLE: &str = "WEIR_WASM3";
/// The worker of wasm3.
const WORKER: &str = "weir-wasm3";

/// The command under which this program compiles a guest for another process of itself.
pub(crate) const COMPILE_COMMAND: &str = "compile-guest";

/// The engines of this build, ready to load guests.
pub(crate) struct Engines {
    present: Vec<(EngineKind, Enforces, Arc<dyn Engine>)>,
    absent: Vec<Absent>,
    notes: Vec<String>,
}

/// An engine that is not here.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Absent {
    pub(crate) engine: &'static str,
    pub(crate) reason: String,
}

/// The engine that stands for a chip's where only that is asked for: the usual one of the class microcontroller.
#[cfg(target_pointer_width = "64")]
pub(crate) fn of_chips() -> impl Engine {
    WasmiEngine::new()
}

impl Engines {
    /// Starts every engine, with room for what these settings run.
    pub(crate) fn start(settings: &Settings) -> anyhow::Result<Self> {
        Self::start_profiled(settings, Profiling::Off)
    }

    /// The same, with guests profiled where the engine can do that.
    pub(crate) fn start_profiled(
        settings: &Settings,
        profiling: Profiling,
    ) -> anyhow::Result<Self> {
        let mut engines: Vec<Arc<dyn Engine>> = vec![Arc::new(WasmiEngine::new())];
        let (mut absent, mut notes) = (Vec::new(), Vec::new());
        let mut lacks = |engine: EngineKind, reason| {
            let engine = engine.name();
            absent.push(Absent { engine, reason });
        };
        match wasmtime::start(settings, profiling)? {
            Ok(engine) => engines.push(engine),
            Err(reason) => lacks(EngineKind::Wasmtime, reason),
        }
        match wasm3() {
            Ok(engine) => {
                let worker = engine.worker().display();
                notes.push(format!("engine wasm3 is {}, {worker}", engine.about()));
                engines.push(Arc::new(engine));
            }
            Err(reason) => lacks(EngineKind::Wasm3, reason),
        }
        let present = engines
            .into_iter()
            .map(|engine| (engine.kind(), engine.enforces(), engine));
        Ok(Self {
            present: present.collect(),
            absent,
            notes,
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
            architecture: env::consts::ARCH,
            engines: &engines,
        };
        weir_profile::choose_engine(profile, host).map_err(|error| self.explained(error))
    }

    /// The engines that are not here, and why.
    pub(crate) fn absent(&self) -> Vec<Absent> {
        self.absent.clone()
    }

    /// What is worth knowing of the engines that are here.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Why an engine is not in this build is known here only.
    fn explained(&self, error: EngineError) -> EngineError {
        let EngineError::NotInBuild {
            engine,
            reason,
            instead,
        } = error
        else {
            return error;
        };
        let mut absent = self.absent.iter();
        let known = absent.find(|absent| absent.engine == engine.name());
        let reason = known.map_or(reason, |known| format!("absent: {}", known.reason));
        EngineError::NotInBuild {
            engine,
            reason,
            instead,
        }
    }
}

/// wasm3 with its worker; the error is the reason why it is absent.
fn wasm3() -> Result<Wasm3Engine, String> {
    let worker = match env::var_os(WORKER_VARIABLE) {
        Some(named) => PathBuf::from(named),
        None => beside(&env::current_exe().map_err(|error| error.to_string())?)?,
    };
    Wasm3Engine::new(worker).map_err(|error| {
        let cause = error.source().map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    })
}

/// The worker that belongs to this executable: beside it, or where packages put what users do not start.
fn beside(executable: &Path) -> Result<PathBuf, String> {
    let folder = executable.parent().unwrap_or(Path::new("/"));
    let places = [folder.join(WORKER), folder.join("../lib/weir").join(WORKER)];
    let found = places.iter().find(|place| place.is_file());
    found.cloned().ok_or_else(|| {
        let [one, other] = places.map(|place| place.display().to_string());
        format!(
            "its worker is neither {one} nor {other}; install it there (it is built with libclang), or name it in {WORKER_VARIABLE}"
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_worker_is_found_beside_the_program_or_in_its_library_folder() {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("bin/weir");
        for folder in ["bin", "lib/weir"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let words = beside(&program).unwrap_err();
        assert!(words.contains(WORKER_VARIABLE), "{words}");
        fs::write(root.path().join("lib/weir/weir-wasm3"), "").unwrap();
        let library = beside(&program).unwrap();
        assert!(library.ends_with("lib/weir/weir-wasm3"), "{library:?}");
        fs::write(root.path().join("bin/weir-wasm3"), "").unwrap();
        assert_eq!(
            beside(&program).unwrap(),
            root.path().join("bin/weir-wasm3")
        );
    }
}
