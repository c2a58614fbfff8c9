use weir_tests::bench::{Goal, Spread};

use crate::{contestants::Kind, report::Report};

const OF_ECHO_MIN: f64 = 0.6;
const OF_PYTHON_MIN: f64 = 3.0;
const P50_OF_ECHO_MAX: f64 = 2.0;

/// One contestant's figure divided by another's.
#[derive(Debug, Clone, Copy)]
struct Ratio {
    median: f64,
    best: f64,
}

pub(crate) fn goals(report: &Report) -> Vec<Goal> {
    let rate = |kind, of| {
        let best = |spread: Spread| spread.max;
        ratio(report.rate(kind)?, report.rate(of)?, best)
    };
    let p50 = |kind, of| {
        let best = |spread: Spread| spread.min;
        ratio(report.p50_alone_us(kind)?, report.p50_alone_us(of)?, best)
    };
    let (weir, echo, python) = (Kind::WeirWasmtime, Kind::Echo, Kind::Python);
    vec![
        at_least(
            "results/s of Weir on Wasmtime ÷ echo",
            rate(weir, echo),
            OF_ECHO_MIN,
        ),
        at_least(
            "results/s of Weir on Wasmtime ÷ Python",
            rate(weir, python),
            OF_PYTHON_MIN,
        ),
        at_most(
            "p50 alone of Weir on Wasmtime ÷ echo",
            p50(weir, echo),
            P50_OF_ECHO_MAX,
        ),
        at_least(
            "results/s of the load generator alone ÷ echo (below 1 the generator is the limit)",
            rate(Kind::Generator, echo),
            1.0,
        ),
        agreement(report),
    ]
}

fn ratio(ours: Spread, theirs: Spread, best: impl Fn(Spread) -> f64) -> Option<Ratio> {
    Some(Ratio {
        median: ours.median / theirs.median,
        best: best(ours) / best(theirs),
    })
}

fn at_least(what: &str, got: Option<Ratio>, wanted: f64) -> Goal {
    goal(what, got, &format!("≥ {wanted:.1}"), |got| got >= wanted)
}

fn at_most(what: &str, got: Option<Ratio>, wanted: f64) -> Goal {
    goal(what, got, &format!("≤ {wanted:.1}"), |got| got <= wanted)
}

fn goal(what: &str, got: Option<Ratio>, wanted: &str, holds: impl Fn(f64) -> bool) -> Goal {
    let figure = got.map_or_else(
        || "not measured".to_owned(),
        |Ratio { median, best }| format!("{median:.2}, of the best rounds {best:.2}"),
    );
    let met = got.and_then(|Ratio { median, best }| {
        let verdict = holds(median);
        (verdict == holds(best)).then_some(verdict)
    });
    Goal {
        words: format!("{what}: {figure} (wanted {wanted})"),
        met,
    }
}

/// Everybody who infers must infer the same, or they did not do the same job.
fn agreement(report: &Report) -> Goal {
    let answers: Vec<usize> = report
        .contestants
        .iter()
        .filter_map(|row| row.answer)
        .collect();
    let met = (answers.len() > 1).then(|| answers.windows(2).all(|pair| pair[0] == pair[1]));
    Goal {
        words: format!("the {} that infer give the same answer", answers.len()),
        met,
    }
}
