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

use std::{
    io::{IsTerminal, Write, stderr, stdin, stdout},
    path::Path,
};

use anyhow::{Context, Result};

use crate::{cli::SetupArgs, exit::Exit};

use answers::Answers;
use ask::{Asker, CommandLine, wrong};
use plan::{Changed, Plan};

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
    if !args.dry_run {
        may_write(&args.config)?;
    }
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
    let changed = plan.changed()?;
    plan.write(&mut stdout().lock())?;
    plan.say_users(&mut stdout().lock())?;
    after_writing(args, &asker, &answers, &plan, changed)
}

/// What is left once the files stand: services, the check, a test message, words.
fn after_writing(
    args: &SetupArgs,
    asker: &Asker,
    answers: &Answers,
    plan: &Plan,
    changed: Changed,
) -> Result<Exit> {
    let mut commands = Vec::new();
    let mut broker_is_up = true;
    if changed.mosquitto {
        broker_is_up = services::restart(args, "mosquitto", &mut commands)?;
    }
    writeln!(stdout(), "\nweir check:")?;
    let words: &[&str] = if broker_is_up {
        &["check"]
    } else {
        &["check", "--offline"]
    };
    let checked = services::weir(words, plan.config())?.status();
    let checked = services::exit(checked.context("failed to start weir check")?);
    if checked != Exit::Done {
        writeln!(
            stdout(),
            "\nThe files are written, and something is left to mend: see above. Then:"
        )?;
        commands.push(plan.check_command());
        if changed.weir {
            commands.push(services::restart_command("weir"));
        }
        plan::say_commands(&mut stdout().lock(), &commands)?;
        return Ok(checked);
    }
    if changed.weir {
        services::restart(args, "weir", &mut commands)?;
    }
    if let Some(pipeline) = &answers.pipeline {
        let wanted = args.test_message
            || (asker.asks && asker.confirm("--test-message", "Send a test message?", true)?);
        if wanted {
            trial::run(plan.config(), &pipeline.name)?;
        }
    }
    commands.push("sudo weir status".to_owned());
    plan.say_topics(&mut stdout().lock())?;
    writeln!(stdout(), "\nNext:")?;
    plan::say_commands(&mut stdout().lock(), &commands)?;
    Ok(Exit::Done)
}

/// Says it before anything is asked.
fn may_write(config: &Path) -> Result<()> {
    let config = std::path::absolute(config)?;
    let folder = config.ancestors().skip(1).find(|folder| folder.is_dir());
    let folder = folder.unwrap_or(Path::new("/"));
    match rustix::fs::access(folder, rustix::fs::Access::WRITE_OK) {
        Ok(()) => Ok(()),
        Err(error) => wrong(format!(
            "nothing can be written in {} ({error}): run `sudo weir setup`, or name another --config",
            folder.display()
        )),
    }
}
