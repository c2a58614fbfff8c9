use anyhow::Result;
use weir_tests::bench::{Bars, Output, Plot};

use crate::{contestants::Kind, figures, report::Report, table::table};

const METHOD: &str = include_str!("method.md");

/// Writes the bench's section of `docs/benchmarks.md`, the method, the machine, the figures, and its plot.
pub(crate) fn write(output: &Output, report: &Report) -> Result<()> {
    if output.write_docs {
        plot(report).write(figures::BENCH)?;
    }
    output.document(figures::BENCH, || page(report))
}

fn plot(report: &Report) -> Plot {
    let mut rate = Bars::new("results/s at window 500: longer is better", "1/s");
    let mut alone = Bars::new("p50 alone: shorter is better", "µs");
    for kind in Kind::ALL {
        let (title, ours) = (kind.title().replace("**", ""), kind.is_weir());
        let median = |spread: Option<weir_tests::bench::Spread>| spread.map(|spread| spread.median);
        rate = rate.bar(&title, median(report.rate(kind)), ours);
        alone = alone.bar(&title, median(report.p50_alone_us(kind)), ours);
    }
    Plot {
        title: "End to end: payload in, result out".to_owned(),
        groups: vec![rate, alone],
    }
}

fn page(report: &Report) -> String {
    let measured = format!(
        "Measured on {}: {}; {}; {}. {} rounds of {} s after {} s of \
         warm-up, {} B of payload.\n\nEach figure is the median of the rounds, with their range in brackets.",
        report.date,
        report.machine,
        report.mosquitto,
        report.python,
        report.rounds,
        report.seconds,
        report.warm_up_seconds,
        report.payload_bytes,
    );
    METHOD
        .replace("{measured}", &measured)
        .replace("{table}", table(report).trim_end())
}

#[cfg(test)]
mod tests {
    use weir_tests::bench::Machine;

    use super::*;
    use crate::{
        contestants::Kind,
        report::{Figures, Row},
    };

    fn row(kind: Kind, per_second: f64) -> Row {
        let figures = Figures {
            per_second,
            p50_us: 40.0,
            p99_us: 90.0,
            cpu_us: Some(5.0),
        };
        Row {
            many: vec![figures.clone()],
            one: vec![figures],
            ..Row::new(kind)
        }
    }

    #[test]
    fn the_page_holds_the_figures_and_says_who_failed() {
        let failure = Some("no guest\nmore".to_owned());
        let failed = Row {
            failure,
            ..Row::new(Kind::WeirWasmi)
        };
        let report = Report {
            date: "2026-11-21".to_owned(),
            machine: Machine::default(),
            mosquitto: String::new(),
            python: String::new(),
            payload_bytes: 128,
            seconds: 4.0,
            warm_up_seconds: 1.0,
            rounds: 5,
            contestants: vec![
                row(Kind::Echo, 40_000.0),
                row(Kind::WeirWasmtime, 30_000.0),
                failed,
            ],
        };
        let page = page(&report);
        assert!(
            page.contains("| **Weir on Wasmtime** | 30.0 k (30.0–30.0) | 0.75 | – |"),
            "{page}"
        );
        assert!(
            page.contains("- **missed**: rate/weir-wasmtime ÷ rate/echo: 0.75 × (wanted ≥ 0.85 ×)"),
            "{page}"
        );
        assert!(page.contains("Weir on wasmi failed: no guest\n"), "{page}");
        assert!(!page.contains(['{', '}']), "{page}");
    }
}
