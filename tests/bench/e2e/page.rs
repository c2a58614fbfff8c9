use anyhow::Result;
use weir_tests::bench::write_section;

use crate::{report::Report, table::table};

const METHOD: &str = include_str!("method.md");

/// Writes the bench's section of `docs/benchmarks.md`: the method, the machine, the figures.
pub(crate) fn write(report: &Report) -> Result<()> {
    let file = weir_tests::repository().join("docs").join("benchmarks.md");
    write_section(&file, "e2e", &page(report))
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
            v: 1,
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
            page.contains("- met: results/s of Weir on Wasmtime ÷ echo: 0.75"),
            "{page}"
        );
        assert!(page.contains("Weir on wasmi failed: no guest\n"), "{page}");
        assert!(!page.contains(['{', '}']), "{page}");
    }
}
