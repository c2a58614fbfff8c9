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
mod manual;
mod node;
mod prepare;
mod resident;
mod service;
mod setup;
mod status;
mod telemetry;

use std::{process::ExitCode, thread};

use clap::Parser;
use tracing::Level;

use crate::{
    cli::{Cli, Command, GuestCommand, ModelCommand},
    exit::Exit,
    service::journal,
};

/// Some commands open guests themselves, and an interpreter wants a deep stack.
const STACK_BYTES: usize = 16 << 20;

fn main() -> ExitCode {
    let Cli { log, command } = Cli::parse();
    if let Err(error) = start_log(log.as_deref(), &command) {
        journal::say(Level::ERROR, &format!("weir: {error:#}"));
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
            journal::say(Level::ERROR, &format!("weir: {error:#}"));
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
        Command::Status(args) => command::status(&args),
        Command::Setup(args) => setup::setup(&args),
        Command::Completions(args) => command::completions(&args),
        Command::Man(args) => command::man(&args),
        Command::CompileGuest => command::compile_guest(),
    }
}

/// The log goes to standard error. Commands that answer a question log only what is wrong unless asked.
fn start_log(filter: Option<&str>, command: &Command) -> anyhow::Result<()> {
    let usual = match command {
        Command::Run(_) | Command::Broker(_) => "info",
        // What does not answer is said in setup's own words.
        Command::Setup(_) => "error",
        // A warning would tear the table that is drawn.
        Command::Demo(args) if !args.json => "error,weir_engine_wasmtime=info",
        Command::Check(_)
        | Command::Explain(_)
        | Command::Test(_)
        | Command::Guest(_)
        | Command::Model(_)
        | Command::Demo(_)
        | Command::Schema(_)
        | Command::Status(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::CompileGuest => "warn,weir_engine_wasmtime=info",
    };
    journal::start(filter.unwrap_or(usual))
}
