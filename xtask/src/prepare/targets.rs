use std::{
    io::{self, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::Installing;
use crate::process::{self, say};

/// What guests are built for.
pub(super) const GUESTS: [&str; 2] = ["wasm32v1-none", "wasm32-unknown-unknown"];
/// What the firmware is built for.
pub(crate) const CHIP: [&str; 1] = ["thumbv7em-none-eabihf"];

/// `rustup target add` takes seconds; on some machines it never answers.
const RUSTUP_DEADLINE: Duration = Duration::from_secs(120);

pub(super) fn prepare(targets: &[&[&str]], installing: Installing) -> Result<()> {
    // The sysroot is asked rather than rustup: a distribution's Rust has no rustup.
    let sysroot = process::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let installed = PathBuf::from(sysroot.trim()).join("lib").join("rustlib");
    for target in targets.iter().copied().flatten() {
        if installed.join(target).join("lib").is_dir() {
            continue;
        }
        if installing == Installing::Refused {
            bail!("Rust's target {target} is missing: run `rustup target add {target}`");
        }
        say(&format!("installing Rust's target {target}"));
        add(target)?;
    }
    Ok(())
}

fn add(target: &str) -> Result<()> {
    let advice = format!("Rust's target {target} is missing: run `rustup target add {target}`");
    let mut child = Command::new("rustup")
        .args(["target", "add", target])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| advice.clone())?;
    if !ended_within(&mut child, RUSTUP_DEADLINE)? {
        bail!("{advice} (it gave no answer within {RUSTUP_DEADLINE:?} here)");
    }
    if !child.wait()?.success() {
        bail!("{advice} (it failed here)");
    }
    Ok(())
}

/// Whether the child closed its stdout in time; one that did not is killed.
fn ended_within(child: &mut Child, deadline: Duration) -> Result<bool> {
    let mut stdout = child.stdout.take().context("stdout is piped")?;
    let (ended, end) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let read = io::copy(&mut stdout.by_ref(), &mut io::sink());
        // Nobody listens any more once the deadline has passed.
        drop(ended.send(read));
    });
    if end.recv_timeout(deadline).is_ok() {
        return Ok(true);
    }
    child.kill()?;
    child.wait()?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(program: &str, arg: &str) -> Child {
        Command::new(program)
            .arg(arg)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    #[test]
    fn a_command_that_never_answers_is_killed() {
        let mut child = started("sleep", "600");
        assert!(!ended_within(&mut child, Duration::from_millis(50)).unwrap());
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn a_command_that_answers_is_not() {
        let mut child = started("echo", "done");
        assert!(ended_within(&mut child, Duration::from_secs(60)).unwrap());
        assert!(child.wait().unwrap().success());
    }
}
