//! The end-to-end bench: Weir beside an echo (the limit) and the Python way, in one run on one broker.

mod contestants;
mod figures;
mod generator;
mod machine;
mod options;
mod page;
mod report;
mod rounds;
mod table;
mod wire;

use anyhow::{Result, ensure};
use clap::Parser;
use contestants::{Kind, Stage};
use options::Options;
use report::Report;
use tempfile::TempDir;
use weir_tests::{Mosquitto, bench::Machine};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let broker = Mosquitto::start().await?;
    let stage = Stage {
        port: broker.port(),
        folder: TempDir::with_prefix("weir-bench-")?,
        target: weir_tests::target_folder()?,
    };
    let report = measure(&options, &stage).await?;
    let rows = figures::rows(&report);
    let output = &options.output;
    output.publish(figures::BENCH, &rows, &table::table(&report))?;
    page::write(output, &report)?;
    let failures: Vec<&str> = report
        .contestants
        .iter()
        .filter(|row| row.failure.is_some())
        .map(|row| row.key.as_str())
        .collect();
    ensure!(
        failures.is_empty(),
        "without all figures: {}",
        failures.join(", ")
    );
    Ok(())
}

async fn measure(options: &Options, stage: &Stage) -> Result<Report> {
    let python = match options.contestants().contains(&Kind::Python) {
        true => weir_tests::bench::python(&stage.target).ok(),
        false => None,
    };
    let machine = Machine::look();
    let python = python.and_then(|python| machine::python_versions(&python));
    let contestants = rounds::run(options, stage).await;
    Ok(Report {
        date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        machine,
        mosquitto: machine::mosquitto(),
        python: python.unwrap_or_default(),
        payload_bytes: generator::PAYLOAD_BYTES,
        seconds: options.measurement().as_secs_f64(),
        warm_up_seconds: options.warm_up().as_secs_f64(),
        rounds: options.rounds(),
        contestants,
    })
}
