use anyhow::Result;
use weir_tests::bench::write_section;

use crate::{report::Report, table};

const METHOD: &str = include_str!("method.md");

/// Writes the bench's sections: all of it in `docs/benchmarks.md`, the tables in `docs/device-classes.md`.
pub(crate) fn write(report: &Report) -> Result<()> {
    let docs = weir_tests::repository().join("docs");
    write_section(&docs.join("benchmarks.md"), "engines", &section(report))?;
    write_section(&docs.join("device-classes.md"), "engines", &excerpt(report))
}

fn measured(report: &Report) -> String {
    format!(
        "Measured on {}: {}; {}. The median of {} rounds of {} ms.",
        report.date, report.machine, report.versions, report.rounds, report.turn_ms
    )
}

fn section(report: &Report) -> String {
    METHOD
        .replace("{measured}", &measured(report))
        .replace("{tables}", table::tables(report).trim_end())
}

fn excerpt(report: &Report) -> String {
    format!(
        "{}\n{}\n{} How: [benchmarks](benchmarks.md#engines-one-guest-on-each).\n",
        table::predictions(report),
        table::costs(report),
        measured(report)
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use weir_engine::EngineKind;
    use weir_tests::bench::Machine;

    use super::*;
    use crate::{
        engines::Who,
        figures::{Figures, Measure},
        options::Options,
        report::Absent,
    };

    fn report() -> Report {
        let options = Options::parse_from(["bench-engines"]);
        let mut report = Report::new(Machine::default(), String::new(), &options);
        let wasm3 = Who::Engine(EngineKind::Wasm3);
        for (measure, workload, who, rounds) in [
            (Measure::Predict, "empty", wasm3, vec![5.0]),
            (
                Measure::Predict,
                "tinynn",
                Who::Native,
                vec![10.0, 11.0, 90.0],
            ),
            (Measure::Predict, "tinynn", wasm3, vec![110.0]),
            (Measure::Restart, "tinynn", wasm3, vec![3.0, 4.0, 250.0]),
            (Measure::Open, "tinynn", wasm3, vec![12.5]),
        ] {
            report.figures.push(Figures {
                measure,
                workload,
                who,
                rounds,
            });
        }
        report.absent.push(Absent {
            what: "digits".to_owned(),
            reason: "no model\nmore".to_owned(),
        });
        report
    }

    #[test]
    fn the_page_holds_the_figures_and_says_what_is_missing() {
        let page = section(&report());
        assert!(
            page.contains("| tinynn | 11.0 µs | – | – | 110 µs (10.0 ×) | – | – | 105 µs |"),
            "{page}"
        );
        assert!(
            page.contains("- unclear: from the death of wasm3's worker to the next answer of tinynn: 4.0 ms, 250.0 ms"),
            "{page}"
        );
        assert!(
            page.contains("- without figures: digits: no model\n") || page.contains("no model"),
            "{page}"
        );
        assert!(!page.contains(['{', '}']), "{page}");
    }

    #[test]
    fn scripts_read_a_figure_in_a_line() {
        let lines = report().json_lines().unwrap();
        let line = lines
            .lines()
            .find(|line| line.contains("predict/tinynn/wasm3"));
        let line: serde_json::Value = serde_json::from_str(line.unwrap()).unwrap();
        assert_eq!(line["reference"], "predict/tinynn/native");
        assert_eq!(line["ratio"], 10.0);
        assert_eq!(line["unit"], "us");
        let restart = lines.lines().find(|line| line.contains("restart/"));
        let restart: serde_json::Value = serde_json::from_str(restart.unwrap()).unwrap();
        assert_eq!(restart["goal"], "≤ 100 ms");
        assert_eq!(restart["met"], serde_json::Value::Null);
    }
}
