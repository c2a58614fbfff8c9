//! `weir setup`: options and questions → answers → a plan of files → the files; then what `weir check` says of them,
//! and a test message.

mod answers;
mod ask;
mod board;
mod broker;
mod catalogue;
mod document;
mod files;
mod mosquitto;
mod owners;
mod pipeline;
mod plan;
mod services;
mod trial;

use std::io::{IsTerminal, Write, stderr, stdin, stdout};

use anyhow::Result;

use crate::{
    cli::{CheckArgs, ConfigArgs, SetupArgs},
    command,
    exit::Exit,
};

use answers::Answers;
use ask::{Asker, CommandLine};
use plan::Plan;

/// `weir setup`.
pub(crate) fn setup(args: &SetupArgs) -> Result<Exit> {
    match set_up(args) {
        Ok(exit) => Ok(exit),
        Err(error) => match error.downcast::<CommandLine>() {
            Ok(wrong) => {
                eprintln!("weir: {wrong}");
                Ok(Exit::CommandLine)
            }
            Err(error) => Err(error),
        },
    }
}

fn set_up(args: &SetupArgs) -> Result<Exit> {
    let terminal = stdin().is_terminal() && stderr().is_terminal();
    let asker = Asker {
        asks: terminal && !args.yes,
    };
    let answers = answers::gather(args, &asker)?;
    let plan = Plan::make(args, &answers)?;
    if args.dry_run {
        plan.show_whole(&mut stdout().lock())?;
        return Ok(Exit::Done);
    }
    plan.show(&mut stdout().lock())?;
    if !args.yes && !asker.confirm("--yes", "Write this?", true)? {
        writeln!(stdout(), "nothing was written")?;
        return Ok(Exit::Done);
    }
    plan.write(&mut stdout().lock())?;
    after_writing(args, &asker, &answers, &plan)
}

/// What is left once the files stand: services, the check, a test message, words.
fn after_writing(args: &SetupArgs, asker: &Asker, answers: &Answers, plan: &Plan) -> Result<Exit> {
    let mut commands = Vec::new();
    let mut broker_is_up = true;
    if answers.is_local() {
        broker_is_up = services::restart(args, "mosquitto", &mut commands)?;
    }
    writeln!(stdout(), "\nweir check:")?;
    let checked = command::check(&CheckArgs {
        config: config(args),
        offline: !broker_is_up,
    })?;
    if checked != Exit::Done {
        writeln!(
            stdout(),
            "\nThe files are written, and something is left to mend: see above. Then run `{}`.",
            plan.check_command()
        )?;
        return Ok(checked);
    }
    services::restart(args, "weir", &mut commands)?;
    if let Some(pipeline) = &answers.pipeline {
        let wanted = args.test_message
            || (asker.asks && asker.confirm("--test-message", "Send a test message?", true)?);
        if wanted {
            trial::run(&config(args), &pipeline.name)?;
        }
    }
    plan.say_what_is_next(&mut stdout().lock(), &commands)?;
    Ok(Exit::Done)
}

fn config(args: &SetupArgs) -> ConfigArgs {
    ConfigArgs {
        config: args.config.clone(),
        set: Vec::new(),
    }
}
