use weir_engine::EngineKind;
use weir_tests::bench::{Goal, Spread};

use crate::{engines::Who, figures::Measure, report::Report};

/// A worker that died is back before a person notices.
const RESTART_MS_MAX: f64 = 100.0;

/// The goal of a measure, and whether a figure of it is met: by all rounds, by none, or the machine was too busy.
pub(crate) fn of(measure: Measure, spread: Spread) -> Option<(&'static str, Option<bool>)> {
    let holds = |value: f64| value <= RESTART_MS_MAX;
    match measure {
        Measure::Restart => {
            let verdict = holds(spread.median);
            Some((
                "≤ 100 ms",
                (verdict == holds(spread.max)).then_some(verdict),
            ))
        }
        Measure::Predict | Measure::Open | Measure::OpenFirst | Measure::Memory => None,
    }
}

/// Every goal with what this run says about it.
pub(crate) fn goals(report: &Report) -> Vec<Goal> {
    let restarts = report.workloads(Measure::Restart).into_iter();
    let restarts = restarts.filter_map(|workload| {
        let spread = report.spread(Measure::Restart, workload, Who::Engine(EngineKind::Wasm3))?;
        let (wanted, met) = of(Measure::Restart, spread)?;
        let (median, max) = (spread.median, spread.max);
        let words = format!(
            "from the death of wasm3's worker to the next answer of {workload}: {median:.1} ms, {max:.1} ms in the \
             slowest round (wanted {wanted})"
        );
        Some(Goal { words, met })
    });
    restarts.chain(report.goals.iter().cloned()).collect()
}
