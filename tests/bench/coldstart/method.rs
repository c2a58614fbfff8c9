use weir_tests::bench::{Bars, Machine, Plot, Row};

use crate::workload::PLANS;

const METHOD: &str = include_str!("method.md");

/// The bench's section of the page.
pub(crate) fn section(machine: &Machine, rounds: u16, tables: &str) -> String {
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    METHOD
        .replace(
            "{measured}",
            &format!("Measured on {date}: {machine}. The median of {rounds} rounds."),
        )
        .replace("{tables}", tables.trim_end())
}

/// A new instance, a first message, a node.
pub(crate) fn plot(rows: &[Row]) -> Plot {
    let group = |measure: &str, title, unit| {
        PLANS.iter().fold(Bars::new(title, unit), |bars, plan| {
            let name = format!("{measure}/{}", plan.key);
            let row = rows.iter().find(|row| row.measure == name);
            bars.bar(plan.key, row.map(|row| row.value), true)
        })
    };
    Plot {
        title: "Cold start: from nothing to a result".to_owned(),
        groups: vec![
            group(
                "instance",
                "a new instance with its model: shorter is better",
                "µs",
            ),
            group(
                "first-result",
                "process start → first result, warm cache",
                "ms",
            ),
            group(
                "compile",
                "the first time ever: compiled, model loaded",
                "ms",
            ),
        ],
    }
}
