//! The end-to-end bench: Weir beside an echo (the limit) and the Python way, in one run on one broker.

mod contestants;
mod generator;
mod goals;
mod machine;
mod options;
mod page;
mod report;
mod rounds;
mod table;
mod wire;

use std::fs;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use contestants::{Kind, Stage};
use options::Options;
use report::Report;
use tempfile::TempDir;
use weir_tests::{Mosquitto, bench::Machine};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the table is the product")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let broker = Mosquitto::start().await?;
    let stage = Stage {
        port: broker.port(),
        folder: TempDir::with_prefix("weir-bench-")?,
        target: weir_tests::target_folder()?,
    };
    let report = measure(&options, &stage).await?;
    write_json(&options, &stage, &report)?;
    println!("{}", table::table(&report));
    if options.write_docs {
        page::write(&report)?;
    }
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
        v: 1,
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

fn write_json(options: &Options, stage: &Stage, report: &Report) -> Result<()> {
    let default = stage.target.join("bench").join("e2e.json");
    let file = options.json.as_ref().unwrap_or(&default);
    let folder = file.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder)?;
    fs::write(file, serde_json::to_string_pretty(report)?)
        .with_context(|| format!("failed to write {}", file.display()))
}
