use anyhow::Result;
use weir_engine::EngineKind;
use weir_tests::bench::{Bars, Output, Plot, write_section};

use crate::{
    engines::Who,
    figures::Measure,
    report::{BENCH, Report},
    table,
};

const METHOD: &str = include_str!("method.md");

/// Writes the bench's sections: all of it in `docs/benchmarks.md` with its plot, the tables in
/// `docs/device-classes.md`.
pub(crate) fn write(output: &Output, report: &Report) -> Result<()> {
    if output.write_docs {
        plot(report).write(BENCH)?;
        let docs = weir_tests::repository().join("docs");
        write_section(&docs.join("device-classes.md"), BENCH, &excerpt(report))?;
    }
    output.document(BENCH, || section(report))
}

fn plot(report: &Report) -> Plot {
    let groups = report
        .workloads(Measure::Predict)
        .into_iter()
        .map(|workload| {
            let title = format!("{workload}: time of one inference, shorter is better");
            let bars = Bars::new(&title, "µs");
            Who::ALL.into_iter().fold(bars, |bars, who| {
                let spread = report.spread(Measure::Predict, workload, who);
                let ours = matches!(
                    who,
                    Who::Engine(EngineKind::Wasmi | EngineKind::Wasm3 | EngineKind::Wasmtime)
                );
                bars.bar(who.title(), spread.map(|spread| spread.median), ours)
            })
        });
    Plot {
        title: "Engines: one guest on each".to_owned(),
        groups: groups.collect(),
    }
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
            page.contains("- unclear: restart/tinynn/wasm3: 4.00 ms (wanted ≤ 100 ms)"),
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
        let rows = report().rows();
        let lines = || rows.iter().map(|row| serde_json::to_string(row).unwrap());
        let line = lines().find(|line| line.contains("predict/tinynn/wasm3"));
        let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(line["reference"], "predict/tinynn/native");
        assert_eq!(line["ratio"], 10.0);
        assert_eq!(line["unit"], "us");
        let restart = lines().find(|line| line.contains("restart/"));
        let restart: serde_json::Value = serde_json::from_str(&restart.unwrap()).unwrap();
        assert_eq!(restart["goal"], "≤ 100 ms");
        assert_eq!(restart["met"], serde_json::Value::Null);
    }
}
