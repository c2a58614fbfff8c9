//! The bench of cold starts: what it takes from nothing to a result, of an instance, of a message, of a node.

mod instance;
mod method;
mod node;
mod workload;

use anyhow::{Context, Result};
use clap::Parser;
use weir_tests::{
    Mosquitto,
    bench::{Machine, Output, Row, Spread, rows_table},
};

use self::workload::{PLANS, Plan};

/// The bench's name in the figures.
const BENCH: &str = "coldstart";

/// Measures what it takes from nothing to a result: of an instance, of a message, of a node.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask bench coldstart",
    bin_name = "cargo xtask bench coldstart"
)]
struct Options {
    /// Rounds: in each, every workload takes a turn.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,

    /// One round without the large network, which needs Python to be made: a look, not a figure to quote.
    #[arg(long, conflicts_with = "rounds")]
    quick: bool,

    /// Measure only what has this in its name.
    #[arg(long, value_name = "WORDS")]
    workload: Option<String>,

    #[command(flatten)]
    output: Output,
}

impl Options {
    fn asks_for(&self, plan: &Plan) -> bool {
        let named = self.workload.as_ref();
        named.map_or(!(self.quick && plan.made), |words| plan.key.contains(words))
    }
}

/// One figure for each round.
#[derive(Debug, Default)]
struct Figures(Vec<(String, &'static str, Vec<f64>)>);

impl Figures {
    fn push(&mut self, measure: &str, workload: &str, unit: &'static str, value: f64) {
        let name = format!("{measure}/{workload}");
        match self.0.iter_mut().find(|(known, ..)| *known == name) {
            Some((.., rounds)) => rounds.push(value),
            None => self.0.push((name, unit, vec![value])),
        }
    }

    fn rows(self) -> Result<Vec<Row>> {
        let row = |(name, unit, rounds): (String, &str, Vec<f64>)| {
            let spread = Spread::of(rounds).context("at least one round")?;
            Ok(Row::of(BENCH, name, unit, spread))
        };
        self.0.into_iter().map(row).collect()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let rounds = if options.quick { 1 } else { options.rounds };
    let machine = Machine::look();
    let broker = Mosquitto::start().await?;
    let mut figures = Figures::default();
    for plan in PLANS.iter().filter(|plan| options.asks_for(plan)) {
        eprintln!("{} ...", plan.key);
        if let Err(error) = measure(plan, &broker, rounds, &mut figures).await {
            eprintln!("{} has no figures, or not all: {error:#}", plan.key);
        }
    }
    let rows = figures.rows()?;
    let tables = rows_table(&rows);
    options.output.publish(BENCH, &rows, &tables)?;
    if options.output.write_docs {
        method::plot(&rows).write(BENCH)?;
    }
    let section = || method::section(&machine, rounds, &tables);
    options.output.document(BENCH, section)
}

async fn measure(
    plan: &'static Plan,
    broker: &Mosquitto,
    rounds: u16,
    figures: &mut Figures,
) -> Result<()> {
    let workload = plan.read()?;
    instance::measure(&workload, rounds, figures)?;
    node::measure(&workload, broker, rounds, figures).await
}
