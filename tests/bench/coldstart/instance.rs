use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tempfile::TempDir;
use weir_engine::{Engine, Guest, Module, Start, State, Tensor, TensorRef};
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};
use weir_tests::bench::pss_kib;

use crate::{Figures, workload::Workload};

/// How long a turn of a round lasts, at least.
const TURN: Duration = Duration::from_millis(300);
/// Instances over which the growth of memory is divided.
const INSTANCES: u16 = 4;

/// One instance after the other, in this process.
pub(crate) fn measure(workload: &Workload, rounds: u16, figures: &mut Figures) -> Result<()> {
    let key = workload.plan.key;
    let folder = TempDir::with_prefix("weir-coldstart-")?;
    let cache = folder.path().join("compiled");
    let begun = Instant::now();
    drop(load(workload, &cache)?);
    figures.push("compile", key, "ms", ms(begun.elapsed()));
    for _ in 0..rounds {
        let begun = Instant::now();
        let module = load(workload, &cache)?;
        figures.push("load", key, "ms", ms(begun.elapsed()));
        ensure!(
            module.start() == Start::Snapshot,
            "its instances begin cold: {:?}",
            module.why_cold()
        );
        let turn = Turn {
            workload,
            module: module.as_ref(),
        };
        let opened = each(|| turn.open().map(drop))?;
        figures.push("instance", key, "us", us(opened));
        let first = each(|| turn.infer(&mut turn.open()?))?;
        figures.push("instance-and-first", key, "us", us(first));
        let mut guest = turn.open()?;
        turn.infer(&mut guest)?;
        let warm = each(|| turn.infer(&mut guest))?;
        figures.push("warm", key, "us", us(warm));
        figures.push("fresh-more-than-warm", key, "us", us(first) - us(warm));
        figures.push("memory-per-instance", key, "KiB", turn.memory_kib()?);
    }
    Ok(())
}

/// A guest as a node loads it, from what lies on disk.
fn load(workload: &Workload, cache: &Path) -> Result<Arc<dyn Module>> {
    let engine = WasmtimeEngine::new(CacheDir::at(cache))?;
    Ok(engine.load(&workload.code, &workload.equipment(), &workload.limits)?)
}

struct Turn<'w> {
    workload: &'w Workload,
    module: &'w dyn Module,
}

impl Turn<'_> {
    fn open(&self) -> Result<Guest> {
        let signature = Arc::clone(&self.workload.signature);
        let model = Some(&*self.workload.model.bytes);
        Ok(Guest::open(
            self.module,
            signature,
            model,
            &self.workload.limits,
        )?)
    }

    fn infer(&self, guest: &mut Guest) -> Result<()> {
        let input = TensorRef {
            dtype: self.workload.dtype(),
            dims: &self.workload.dims,
            data: &self.workload.input,
        };
        let mut state = State::initial(&self.workload.signature);
        let mut outputs: Vec<Tensor> = Vec::new();
        guest.predict(&[input], Some(&mut state), &mut outputs)?;
        Ok(())
    }

    /// What a further instance adds that has inferred once.
    fn memory_kib(&self) -> Result<f64> {
        let own = i32::try_from(std::process::id())?;
        let opened = || -> Result<Guest> {
            let mut guest = self.open()?;
            self.infer(&mut guest)?;
            Ok(guest)
        };
        // The first pays for what all share.
        let first = opened()?;
        let before = pss_kib(own)?;
        let further: Vec<Guest> = (0..INSTANCES).map(|_| opened()).collect::<Result<_>>()?;
        let after = pss_kib(own)?;
        drop((first, further));
        Ok((after - before) / f64::from(INSTANCES))
    }
}

/// The mean time of a call, over a turn. Ending what the call has made counts.
fn each(mut call: impl FnMut() -> Result<()>) -> Result<Duration> {
    call()?;
    let begun = Instant::now();
    let mut calls = 0_u32;
    while begun.elapsed() < TURN {
        call()?;
        calls = calls.saturating_add(1);
    }
    Ok(begun.elapsed() / calls.max(1))
}

fn us(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
