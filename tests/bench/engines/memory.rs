//! What a further instance of a guest takes: the growth of this process's proportional set size, and of its
//! children's, over several instances. Each is measured in a process of its own, whose heap nobody has used before.

use std::{env, fs, process::Command};

use anyhow::{Context, Result, ensure};
use weir_engine::EngineKind;

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
    let mut total = pss_kib("self")?;
    for child in children()? {
        total += pss_kib(&child.to_string())?;
    }
    Ok(total)
}

fn pss_kib(process: &str) -> Result<f64> {
    let file = format!("/proc/{process}/smaps_rollup");
    let text = fs::read_to_string(&file).with_context(|| format!("failed to read {file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib.context("no Pss in smaps_rollup")?.parse()?)
}

/// The processes that this one has started and that still run.
pub(crate) fn children() -> Result<Vec<i32>> {
    let own = std::process::id().to_string();
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        // It may be gone by now.
        let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else {
            continue;
        };
        // The name, in brackets, may hold anything; state and parent come after it.
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1));
        if parent == Some(own.as_str()) {
            children.push(process);
        }
    }
    Ok(children)
}
