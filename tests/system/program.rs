//! The program `weir`, run to its end.

use std::{env, ffi::OsStr, fmt, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, ensure};
use tokio::{process::Command, time::timeout};

use crate::site::DEADLINE;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Finished {
    /// Fails where the exit code or one of the words is missing.
    pub(crate) fn says(&self, code: i32, words: &[&str]) -> Result<()> {
        ensure!(
            self.code == Some(code),
            "exit code {code} is expected: {self}"
        );
        for word in words {
            ensure!(
                self.out.contains(word) || self.err.contains(word),
                "{word:?} is not said: {self}"
            );
        }
        Ok(())
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, out, err } = self;
        write!(
            f,
            "exit code {code:?}\n---- out\n{out}\n---- err\n{err}\n----"
        )
    }
}

/// `weir` with these words and then these paths.
pub(crate) fn command<W: AsRef<OsStr>, P: AsRef<OsStr>>(
    words: &[W],
    paths: &[P],
) -> Result<Command> {
    let binary = match env::var_os("WEIR_BIN") {
        Some(binary) => PathBuf::from(binary),
        None => weir_tests::profile_folder()?.join("weir"),
    };
    ensure!(
        binary.is_file(),
        "no weir binary here: run `cargo xtask test`, which builds it"
    );
    let mut command = Command::new(binary);
    command
        .args(words)
        .args(paths)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    Ok(command)
}

/// Runs `weir` to its end.
pub(crate) async fn weir<W: AsRef<OsStr>, P: AsRef<OsStr>>(
    words: &[W],
    paths: &[P],
) -> Result<Finished> {
    finish(command(words, paths)?).await
}

/// Runs a command to its end.
pub(crate) async fn finish(mut command: Command) -> Result<Finished> {
    let output = timeout(DEADLINE, command.output())
        .await
        .context("the command does not end")??;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Finished {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    })
}
