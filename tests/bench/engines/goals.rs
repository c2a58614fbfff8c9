use weir_tests::bench::Spread;

use crate::figures::Measure;

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
