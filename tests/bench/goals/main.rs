//! The project's goals with what the benches reached when they last ran.

use std::{fmt::Write, fs};

use anyhow::{Context, Result};
use clap::Parser;
use weir_tests::bench::{GOALS, Machine, ProjectGoal, Row, figures_file, write_section};

/// Shows the project's goals with what the benches measured last.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench goals", bin_name = "cargo xtask bench goals")]
struct Options {
    /// Write the table into docs/benchmarks.md.
    #[arg(long)]
    write_docs: bool,
}

#[expect(clippy::print_stdout, reason = "the table is the product")]
fn main() -> Result<()> {
    let options = Options::parse();
    let mut rows = Vec::new();
    for goal in &GOALS {
        if !rows.iter().any(|row: &Row| row.bench == goal.bench) {
            rows.extend(last_run(goal.bench)?);
        }
    }
    let table = table(&rows);
    println!("{table}");
    if options.write_docs {
        let page = weir_tests::repository().join("docs/benchmarks.md");
        let machine = Machine::look();
        let (processor, cores) = (&machine.processor, machine.cores);
        let text = format!("Measured on {processor} ({cores} cores).\n\n{table}");
        write_section(&page, "goals", &text)?;
    }
    Ok(())
}

/// What a bench measured last; nothing where it has not run.
fn last_run(bench: &str) -> Result<Vec<Row>> {
    let file = figures_file(bench)?;
    let Ok(text) = fs::read_to_string(&file) else {
        return Ok(Vec::new());
    };
    let rows = text.lines().map(serde_json::from_str);
    let rows: Result<Vec<Row>, _> = rows.collect();
    rows.with_context(|| format!("{} holds something else", file.display()))
}

fn table(rows: &[Row]) -> String {
    let mut text =
        "| what | compared with | goal | reached | |\n| --- | --- | ---: | ---: | --- |\n"
            .to_owned();
    for goal in &GOALS {
        let mut rows = rows.iter();
        let row = rows.find(|row| measures(row, goal));
        let wanted = row.and_then(|row| row.goal.clone());
        let wanted = wanted.unwrap_or_else(|| goal.target.words(""));
        let (reached, verdict) = match row {
            Some(row) => (row.reached(), row.verdict()),
            None => ("–".to_owned(), "not measured"),
        };
        let (what, with) = (goal.what, goal.compared_with);
        // Writing to a String cannot fail.
        writeln!(
            text,
            "| {what} | {with} | {} | {reached} | {verdict} |",
            wanted.trim()
        )
        .unwrap_or_default();
    }
    text
}

fn measures(row: &Row, goal: &ProjectGoal) -> bool {
    row.bench == goal.bench
        && row.measure == goal.measure
        && (goal.reference.is_none() || row.reference.as_deref() == goal.reference)
}

#[cfg(test)]
mod tests {
    use weir_tests::bench::Spread;

    use super::*;

    #[test]
    fn every_goal_has_its_line_measured_or_not() {
        let idle = Spread::of(vec![11.0, 11.5]).unwrap();
        let text = table(&[Row::of("footprint", "pss-idle/wasmi", "MB", idle)]);
        assert!(text.contains("| ≤ 12 MB | 11.2 MB | met |"), "{text}");
        assert!(text.contains("| ≤ 1.4 | – | not measured |"), "{text}");
        assert_eq!(text.lines().count(), GOALS.len() + 2);
    }
}
