use crate::{contestants::Kind, report::Report};

/// Something that the project wants to hold, and what this run says about it.
#[derive(Debug)]
pub(crate) struct Goal {
    pub(crate) words: String,
    /// None where somebody did not run.
    pub(crate) met: Option<bool>,
}

const OF_ECHO_MIN: f64 = 0.6;
const OF_PYTHON_MIN: f64 = 3.0;
const P50_OF_ECHO_MAX: f64 = 2.0;

pub(crate) fn goals(report: &Report) -> Vec<Goal> {
    let rate = |kind, of| ratio(report.rate(kind)?.median, report.rate(of)?.median);
    let p50 = |kind, of| {
        let p50 = |kind| report.p50_alone_us(kind).map(|spread| spread.median);
        ratio(p50(kind)?, p50(of)?)
    };
    let (weir, echo, python) = (Kind::WeirWasmtime, Kind::Echo, Kind::Python);
    vec![
        at_least(
            "throughput of Weir on Wasmtime ÷ echo",
            rate(weir, echo),
            OF_ECHO_MIN,
        ),
        at_least(
            "throughput of Weir on Wasmtime ÷ Python",
            rate(weir, python),
            OF_PYTHON_MIN,
        ),
        at_most(
            "p50 at window 1 of Weir on Wasmtime ÷ echo",
            p50(weir, echo),
            P50_OF_ECHO_MAX,
        ),
        at_least(
            "throughput of the load generator alone ÷ echo (below 1 the generator is the limit)",
            rate(Kind::Generator, echo),
            1.0,
        ),
        agreement(report),
    ]
}

fn ratio(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then_some(a / b)
}

fn at_least(what: &str, got: Option<f64>, wanted: f64) -> Goal {
    goal(what, got, &format!("≥ {wanted:.1}"), |got| got >= wanted)
}

fn at_most(what: &str, got: Option<f64>, wanted: f64) -> Goal {
    goal(what, got, &format!("≤ {wanted:.1}"), |got| got <= wanted)
}

fn goal(what: &str, got: Option<f64>, wanted: &str, holds: impl Fn(f64) -> bool) -> Goal {
    let figure = got.map_or_else(|| "not measured".to_owned(), |got| format!("{got:.2}"));
    Goal {
        words: format!("{what}: {figure} (wanted {wanted})"),
        met: got.map(holds),
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
