use std::time::Instant;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use weir_engine::EngineKind;
use weir_tests::bench::descendants;

use crate::{
    engines::{self, Engines, Who},
    figures::{Figures, Measure},
    memory::own_id,
    report::{Absent, Report},
    runner::{EngineRunner, Runner},
    workload::Workload,
};

/// Kills the worker of wasm3, and takes the time until the next answer: the death is noticed, the guest opened anew in
/// another worker, and one inference made.
pub(crate) fn measure(engines: &Engines, workloads: &[Workload], rounds: u16, report: &mut Report) {
    for workload in workloads.iter().filter(|workload| !workload.limits.simd) {
        let restarts = (0..rounds).map(|_| restart_ms(engines, workload));
        match restarts.collect::<Result<Vec<f64>>>() {
            Ok(rounds) => report.figures.push(Figures {
                measure: Measure::Restart,
                workload: workload.key,
                who: Who::Engine(EngineKind::Wasm3),
                rounds,
            }),
            Err(error) => report.absent.push(Absent {
                what: format!("restart of {}", workload.key),
                reason: format!("{error:#}"),
            }),
        }
    }
}

fn restart_ms(engines: &Engines, workload: &Workload) -> Result<f64> {
    let module = engines::load(engines.get(EngineKind::Wasm3), workload)?;
    let before = descendants(own_id()?)?;
    let mut runner = EngineRunner::of(engines::open(module.as_ref(), workload)?, workload);
    runner.infer(0)?;
    let mut started = descendants(own_id()?)?
        .into_iter()
        .filter(|child| !before.contains(child));
    let worker = started.next().context("no worker has been started")?;
    let worker = Pid::from_raw(worker).context("a process has a number")?;

    let killed = Instant::now();
    kill_process(worker, Signal::KILL)?;
    ensure!(runner.infer(0).is_err(), "the killed worker answers");
    let mut next = EngineRunner::of(engines::open(module.as_ref(), workload)?, workload);
    next.infer(0)?;
    Ok(killed.elapsed().as_secs_f64() * 1e3)
}
