use weir_tests::bench::{Bars, Machine, Plot, Row};

use crate::{PIPELINES, cases::CASES};

const METHOD: &str = include_str!("method.md");

/// The bench's section of the page.
pub(crate) fn section(machine: &Machine, rounds: u16, tables: &str) -> String {
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    METHOD
        .replace(
            "{measured}",
            &format!("Measured on {date}: {machine}. The median of {rounds} rounds."),
        )
        .replace("{pipelines}", &PIPELINES.to_string())
        .replace("{tables}", tables.trim_end())
}

/// Idle memory of every node, and what a further pipeline adds.
pub(crate) fn plot(rows: &[Row]) -> Plot {
    let group = |measure: &str, title| {
        CASES.iter().fold(Bars::new(title, "MB"), |bars, case| {
            let name = format!("{measure}/{}", case.key);
            let row = rows.iter().find(|row| row.measure == name);
            bars.bar(case.title, row.map(|row| row.value), true)
        })
    };
    Plot {
        title: "Footprint: proportional set size of all processes of a node".to_owned(),
        groups: vec![
            group("pss-idle", "idle, one pipeline: shorter is better"),
            group("pss-per-pipeline", "a further pipeline: shorter is better"),
        ],
    }
}
