//! The bench of graphs on the host: the same networks natively, under ONNX Runtime, through guest `nn`, and in the
//! sandbox.

mod agreement;
mod clock;
mod contestant;
mod image;
mod library;
mod network;
mod options;
mod own_thread;
mod report;
mod rounds;
mod runner;

use anyhow::{Context, Result};
use clap::Parser;
use weir_tests::bench::{Machine, rows_table};

use self::{network::Network, options::Options, report::Report, rounds::Rounds};

fn main() -> Result<()> {
    let options = Options::parse();
    let python = weir_tests::bench::python(&weir_tests::target_folder()?)
        .context("the networks are made by Python")?;
    library::point_at(&python)?;
    let machine = Machine::look();
    let mut report = Report::default();
    for network in network::all()? {
        if !options.asks_for_network(network.key) {
            continue;
        }
        measure(&network, &python, &options, &mut report);
    }
    let rows = report.rows();
    let tables = format!("{}\n{}", rows_table(&rows), report.remarks());
    options.output.publish(report::BENCH, &rows, &tables)?;
    if options.output.write_docs {
        report::plot(&rows).write(report::BENCH)?;
    }
    let section = || report::section(&machine, &options, &tables);
    options.output.document(report::BENCH, section)
}

fn measure(network: &Network, python: &std::path::Path, options: &Options, report: &mut Report) {
    let mut rounds = Rounds::new(options.rounds(), options.turn());
    for who in contestant::of(network, options) {
        eprintln!("{} by {}: opening ...", network.key, who.title());
        match who.start(network, python) {
            Ok(runner) => rounds.add(who, runner),
            Err(error) => report.absent(network, who, &error),
        }
    }
    eprintln!("{}: {} rounds ...", network.key, options.rounds());
    let measured = rounds.run();
    agreement::check(network, &measured, report);
    report.add(network, measured);
}
