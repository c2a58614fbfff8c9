//! The bench of engines: the same guest and the same inputs on every engine, natively and under ONNX Runtime.

mod agreement;
mod engines;
mod figures;
mod goals;
mod machine;
mod memory;
mod opening;
mod options;
mod page;
mod predict;
mod report;
mod restart;
mod runner;
mod table;
mod workload;

use std::{io::Write, path::PathBuf, thread};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use weir_engine::EngineKind;

use self::{
    engines::{Engines, Who},
    options::Options,
    report::{Absent, Report},
};

/// What interpreters need on the thread that they run on, and more.
const STACK_BYTES: usize = 64 * 1024 * 1024;

fn main() -> Result<()> {
    let options = Options::parse();
    let bench = thread::Builder::new()
        .name("bench".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || run(&options))
        .context("no thread for the bench")?;
    bench.join().map_err(|_| anyhow!("the bench panicked"))?
}

#[expect(clippy::print_stdout, reason = "the figures are the product")]
fn run(options: &Options) -> Result<()> {
    if let Some(asked) = &options.memory_of {
        println!("{}", memory::measure(asked)?);
        return Ok(());
    }
    let report = measure(options)?;
    let output = &options.output;
    output.publish(report::BENCH, &report.rows(), &table::tables(&report))?;
    page::write(output, &report)
}

fn measure(options: &Options) -> Result<Report> {
    let machine = weir_tests::bench::Machine::look();
    let engines = Engines::start()?;
    let python = python(options);
    let mut report = Report::new(machine, machine::versions(python.as_deref().ok()), options);
    let mut workloads = workload::all(&mut report.absent);
    workloads.retain(|workload| options.asks_for_workload(workload.key));
    let kinds: Vec<EngineKind> = Engines::KINDS
        .into_iter()
        .filter(|kind| options.asks_for(Who::Engine(*kind)))
        .collect();
    note("opening");
    opening::measure(&engines, &workloads, &kinds, options.rounds(), &mut report);
    note("memory of an instance");
    memory::each(&engines, &workloads, &kinds, &mut report);
    if kinds.contains(&EngineKind::Wasm3) {
        note("restarting wasm3's worker");
        restart::measure(&engines, &workloads, options.rounds(), &mut report);
    }
    predict::measure(
        &engines,
        &workloads,
        python.as_deref().ok(),
        options,
        &mut report,
    );
    if let Err(error) = python {
        report.absent.push(Absent {
            what: "ONNX Runtime".to_owned(),
            reason: format!("{error:#}"),
        });
    }
    Ok(report)
}

fn python(options: &Options) -> Result<PathBuf> {
    ensure!(!options.without_python, "not asked for");
    weir_tests::bench::python(&weir_tests::target_folder()?)
}

/// A line about what happens now, on the terminal's side.
fn note(words: &str) {
    let mut terminal = std::io::stderr().lock();
    // Nobody may be looking.
    drop(writeln!(terminal, "{words} ..."));
}
