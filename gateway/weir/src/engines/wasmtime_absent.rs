//! What stands for Wasmtime where it compiles for no processor of this kind: the reason, and nothing to profile.

use std::{
    convert::Infallible,
    env, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use weir_engine::Engine;
use weir_profile::Settings;

/// There are no profiles of compiled guests.
#[derive(Debug, Clone, Default)]
pub(crate) struct GuestProfiles;

/// A profile that is never written.
#[derive(Debug)]
pub(crate) struct WrittenProfile {
    pub(crate) file: PathBuf,
    pub(crate) guest: String,
    pub(crate) samples: usize,
    pub(crate) left_out: usize,
}

impl GuestProfiles {
    /// None.
    ///
    /// # Errors
    /// Never fails.
    pub(crate) fn write(&self, _folder: &Path) -> io::Result<Vec<WrittenProfile>> {
        Ok(Vec::new())
    }
}

/// What is asked of a profiler.
#[derive(Debug, Clone)]
pub(crate) enum Profiling {
    Off,
    Perf,
    Guests(GuestProfiles),
}

/// The reason why the engine is absent.
///
/// # Errors
/// Fails where a profile of compiled guests is asked for.
pub(super) fn start(
    _settings: &Settings,
    profiling: Profiling,
) -> anyhow::Result<Result<Arc<dyn Engine>, String>> {
    match profiling {
        Profiling::Off => Ok(Err(reason())),
        Profiling::Perf | Profiling::Guests(_) => {
            anyhow::bail!("guests cannot be profiled here: {}", reason())
        }
    }
}

/// Compiles nothing.
///
/// # Errors
/// Always: there is no compiler.
pub(crate) fn compile_for_gateway() -> anyhow::Result<Infallible> {
    anyhow::bail!(reason())
}

fn reason() -> String {
    let processor = match env::consts::ARCH {
        "arm" => "32-bit ARM",
        other => other,
    };
    format!("there is no compiled engine for {processor}; wasmi runs its guests")
}
