//! The bench of the footprint: memory of an idle node with all its processes, and what a further pipeline adds.

mod cases;
mod method;
mod node;
mod packages;
mod sizes;

use anyhow::{Context, Result};
use clap::Parser;
use weir_tests::{
    Mosquitto,
    bench::{Machine, Output, Row, Spread, rows_table},
};

use self::cases::{CASES, Case};

/// The bench's name in the figures.
const BENCH: &str = "footprint";

/// Pipelines of the larger node: what the further ones add is divided among them.
const PIPELINES: u16 = 33;

/// Measures the memory of an idle node with all its processes, and what a further pipeline adds.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask bench footprint",
    bin_name = "cargo xtask bench footprint"
)]
struct Options {
    /// Rounds: in each, every node is started anew.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,

    /// One round: a look, not a figure to quote.
    #[arg(long, conflicts_with = "rounds")]
    quick: bool,

    /// Measure only what has this in its name.
    #[arg(long, value_name = "WORDS")]
    workload: Option<String>,

    #[command(flatten)]
    output: Output,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let rounds = if options.quick { 1 } else { options.rounds };
    let machine = Machine::look();
    let broker = Mosquitto::start().await?;
    node::warn_of_others()?;
    let mut rows = Vec::new();
    let asked = |case: &&Case| {
        let named = options.workload.as_ref();
        named.is_none_or(|words| case.key.contains(words))
    };
    for case in CASES.iter().filter(asked) {
        eprintln!("{} ...", case.title);
        match measure(case, &broker, rounds).await {
            Ok(measured) => rows.extend(measured),
            Err(error) => eprintln!("{} has no figures: {error:#}", case.title),
        }
    }
    rows.extend(sizes::rows()?);
    rows.extend(packages::rows()?);
    let tables = rows_table(&rows);
    options.output.publish(BENCH, &rows, &tables)?;
    if options.output.write_docs {
        method::plot(&rows).write(BENCH)?;
    }
    let section = || method::section(&machine, rounds, &tables);
    options.output.document(BENCH, section)
}

async fn measure(case: &Case, broker: &Mosquitto, rounds: u16) -> Result<Vec<Row>> {
    // What is compiled for the first time must not count as starting.
    node::look_at_idle(case, broker, rounds, 1).await?;
    let (mut memory, mut further, mut start) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let one = node::look_at_idle(case, broker, round, 1).await?;
        let many = node::look_at_idle(case, broker, round, PIPELINES).await?;
        memory.push(one.pss_mb);
        further.push((many.pss_mb - one.pss_mb) / f64::from(PIPELINES - 1));
        start.push(one.subscribed_ms);
    }
    let key = case.key;
    let row = |measure: &str, unit: &str, rounds: Vec<f64>| -> Result<Row> {
        let spread = Spread::of(rounds).context("at least one round")?;
        Ok(Row::of(BENCH, format!("{measure}/{key}"), unit, spread))
    };
    Ok(vec![
        row("pss-idle", "MB", memory)?,
        row("pss-per-pipeline", "MB", further)?,
        row("start-to-subscribed", "ms", start)?,
    ])
}
