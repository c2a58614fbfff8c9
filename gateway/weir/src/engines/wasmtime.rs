//! Wasmtime, on the architectures that it compiles for.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use weir_engine::Engine;
use weir_engine_wasmtime::{CacheDir, Capacity, Compile, CompileCosts, Compiler, WasmtimeEngine};
pub(crate) use weir_engine_wasmtime::{GuestProfiles, Profiling, compile_for_gateway};
use weir_profile::{Pipeline, Settings};

use super::COMPILE_COMMAND;

/// Instances beside those of pipelines.
const INSTANCES_BESIDE: usize = 8;

/// The engine, with room for what these settings run; or the reason why it is absent.
///
/// # Errors
/// Fails where it cannot be started.
pub(super) fn start(
    settings: &Settings,
    profiling: Profiling,
) -> anyhow::Result<Result<Arc<dyn Engine>, String>> {
    let engine = WasmtimeEngine::new(CacheDir::at(&settings.paths.cache))?
        .with_capacity(Capacity::of_instances(instances_max(settings)))
        .compiling(compiler())
        .shipped_with(settings.paths.compiled.clone(), compile(settings))
        .profiled(profiling);
    Ok(Ok(Arc::new(engine)))
}

fn compile(settings: &Settings) -> Compile {
    match settings.node.compile {
        weir_profile::Compile::Background => Compile::Background,
        weir_profile::Compile::First => Compile::First,
        weir_profile::Compile::Never => Compile::Never,
    }
}

/// Guests are compiled by this program in a process of its own, the same file that runs: a newer one may have taken
/// its name.
fn compiler() -> Compiler {
    Compiler::Process {
        program: PathBuf::from("/proc/self/exe"),
        arguments: vec![COMPILE_COMMAND.into()],
        costs: CompileCosts::default(),
    }
}

/// The instances that live at once: those of each pipeline under each profile with each of its models, and one more
/// while another is opened anew. A command that opens a guest by itself has room for some.
fn instances_max(settings: &Settings) -> usize {
    let pipelines = settings.pipelines.iter();
    let instances = pipelines.map(|pipeline| instances_of(pipeline, settings));
    instances.fold(INSTANCES_BESIDE, usize::saturating_add)
}

fn instances_of(pipeline: &Pipeline, settings: &Settings) -> usize {
    let models = pipeline.models.len().saturating_add(1);
    let profiles = settings.devices.values().chain([&pipeline.profile]);
    let profiles = BTreeSet::from_iter(profiles).into_iter();
    let instances = profiles.map(|profile| {
        let instances = settings.profiles[profile].instances_max;
        instances.saturating_mul(models).saturating_add(1)
    });
    instances.fold(0, usize::saturating_add)
}
