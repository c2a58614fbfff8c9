//! What a further instance of a guest takes: the growth of this process's proportional set size, and of its
//! children's, over several instances. Each is measured in a process of its own, whose heap nobody has used before.

use std::{env, process::Command};

use anyhow::{Context, Result, ensure};
use weir_engine::EngineKind;
use weir_tests::bench::{descendants, pss_kib};

use crate::{
    engines::{self, Engines, Who},
    figures::{Figures, Measure},
    report::{Absent, Report},
    runner::{EngineRunner, Runner},
    workload::{self, Workload},
};

/// Instances over which the growth is divided.
const INSTANCES: u16 = 4;

/// Measures every workload on every engine.
pub(crate) fn each(
    engines: &Engines,
    workloads: &[Workload],
    kinds: &[EngineKind],
    report: &mut Report,
) {
    for workload in workloads {
        for kind in kinds.iter().copied() {
            if workload.limits.simd && !engines.get(kind).enforces().simd {
                continue;
            }
            match asked(workload, kind) {
                Ok(kib) => report.figures.push(Figures {
                    measure: Measure::Memory,
                    workload: workload.key,
                    who: Who::Engine(kind),
                    rounds: vec![kib],
                }),
                Err(error) => report.absent.push(Absent {
                    what: format!("memory of {} on {kind}", workload.key),
                    reason: format!("{error:#}"),
                }),
            }
        }
    }
}

fn asked(workload: &Workload, kind: EngineKind) -> Result<f64> {
    let asked = format!("{}/{kind}", workload.key);
    let output = Command::new(env::current_exe()?)
        .args(["--memory-of", &asked])
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// KiB of one instance, in this process: `<workload>/<engine>`.
pub(crate) fn measure(asked: &str) -> Result<f64> {
    let (key, engine) = asked.rsplit_once('/').context("<workload>/<engine>")?;
    let workload = workload::named(key)?;
    let mut kinds = Engines::KINDS.into_iter();
    let kind = kinds.find(|kind| kind.name() == engine);
    let engines = Engines::start()?;
    let engine = engines.get(kind.context("no such engine")?);
    let module = engines::load(engine, &workload)?;
    let open = || -> Result<EngineRunner> {
        let guest = engines::open(module.as_ref(), &workload)?;
        let mut runner = EngineRunner::of(guest, &workload);
        runner.infer(0)?;
        Ok(runner)
    };
    // The first pays for what all share.
    let first = open()?;
    let before = own_and_childrens_kib()?;
    let further: Vec<EngineRunner> = (0..INSTANCES).map(|_| open()).collect::<Result<_>>()?;
    let after = own_and_childrens_kib()?;
    drop((first, further));
    Ok((after - before) / f64::from(INSTANCES))
}

fn own_and_childrens_kib() -> Result<f64> {
    let own = own_id()?;
    let mut total = pss_kib(own)?;
    for child in descendants(own)? {
        total += pss_kib(child)?;
    }
    Ok(total)
}

/// This process.
pub(crate) fn own_id() -> Result<i32> {
    Ok(i32::try_from(std::process::id())?)
}
