//! Weir: MQTT sensor topics in, inference results out.
//!
//! `cli` says what can be asked, `command` answers. `prepare` turns settings into pipelines that are ready to open,
//! `node` runs them; `engines` is the one place that names every engine.

mod cli;
mod command;
mod demo;
mod embedded;
mod engines;
mod exit;
mod graphs;
mod intake;
mod lane;
mod link;
mod node;
mod prepare;
mod resident;
mod telemetry;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    thread,
};

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::{
    cli::{Cli, Command, GuestCommand, ModelCommand},
    exit::Exit,
};

/// Some commands open guests themselves, and an interpreter wants a deep stack.
const STACK_BYTES: usize = 16 << 20;

fn main() -> ExitCode {
    let Cli { log, command } = Cli::parse();
    if let Err(error) = start_log(log.as_deref(), &command) {
        eprintln!("weir: {error:#}");
        return ExitCode::from(2);
    }
    let answered = thread::Builder::new()
        .name("weir".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(|| answer(command));
    let answered = answered.map_err(anyhow::Error::from).and_then(|thread| {
        thread
            .join()
            .unwrap_or_else(|_| Err(anyhow::anyhow!("this is a fault in weir: see above")))
    });
    match answered {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("weir: {error:#}");
            Exit::Failed.into()
        }
    }
}

fn answer(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Run(args) => command::run(&args),
        Command::Check(args) => command::check(&args),
        Command::Explain(args) => command::explain(&args),
        Command::Test(args) => command::test(&args),
        Command::Guest(GuestCommand::Inspect(args)) => command::inspect_guest(&args),
        Command::Guest(GuestCommand::Test(args)) => command::test_guest(&args),
        Command::Model(ModelCommand::Inspect(args)) => command::inspect_model(&args),
        Command::Model(ModelCommand::Pack(args)) => command::pack_model(&args),
        Command::Model(ModelCommand::Evaluate(args)) => command::evaluate_model(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Broker(args) => command::broker(&args),
        Command::Schema(args) => command::schema(&args),
        Command::CompileGuest => command::compile_guest(),
    }
}

/// The log goes to standard error. Commands that answer a question log only what is wrong unless asked.
fn start_log(filter: Option<&str>, command: &Command) -> anyhow::Result<()> {
    let usual = match command {
        Command::Run(_) | Command::Broker(_) => "info",
        // A warning would tear the table that is drawn.
        Command::Demo(args) if !args.json => "error,weir_engine_wasmtime=info",
        Command::Check(_)
        | Command::Explain(_)
        | Command::Test(_)
        | Command::Guest(_)
        | Command::Model(_)
        | Command::Demo(_)
        | Command::Schema(_)
        | Command::CompileGuest => "warn,weir_engine_wasmtime=info",
    };
    let filter = filter.unwrap_or(usual);
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter)?)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    if journal {
        log.without_time().init()
    } else {
        log.init()
    }
    Ok(())
}
