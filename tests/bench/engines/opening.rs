use std::time::Instant;

use anyhow::Result;
use weir_engine::{Engine, EngineKind};
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};

use crate::{
    engines::{self, Engines, Who},
    figures::{Figures, Measure},
    report::{Absent, Report},
    workload::Workload,
};

/// How long it takes from a guest's bytes to a guest that takes inputs, its model loaded.
pub(crate) fn measure(
    engines: &Engines,
    workloads: &[Workload],
    kinds: &[EngineKind],
    rounds: u16,
    report: &mut Report,
) {
    for workload in workloads {
        for kind in kinds.iter().copied() {
            let runs = !workload.limits.simd || engines.get(kind).enforces().simd;
            if !runs {
                continue;
            }
            if let Err(error) = one(engines, workload, kind, rounds, report) {
                report.absent.push(Absent {
                    what: format!("opening {} on {kind}", workload.key),
                    reason: format!("{error:#}"),
                });
            }
        }
    }
}

fn one(
    engines: &Engines,
    workload: &Workload,
    kind: EngineKind,
    rounds: u16,
    report: &mut Report,
) -> Result<()> {
    let mut push = |measure, rounds| {
        report.figures.push(Figures {
            measure,
            workload: workload.key,
            who: Who::Engine(kind),
            rounds,
        });
    };
    if kind == EngineKind::Wasmtime {
        let compiles = WasmtimeEngine::new(CacheDir::none())?;
        push(Measure::OpenFirst, vec![open_ms(&compiles, workload)?]);
        // Leaves the compiled code on disk.
        open_ms(engines.fresh(kind)?.as_ref(), workload)?;
    }
    let opened = (0..rounds).map(|_| open_ms(engines.fresh(kind)?.as_ref(), workload));
    push(Measure::Open, opened.collect::<Result<_>>()?);
    Ok(())
}

fn open_ms(engine: &dyn Engine, workload: &Workload) -> Result<f64> {
    let started = Instant::now();
    let module = engines::load(engine, workload)?;
    let guest = engines::open(module.as_ref(), workload)?;
    let took = started.elapsed();
    drop(guest);
    Ok(took.as_secs_f64() * 1e3)
}
