//! A terminal, and somebody who presses keys at it.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    time::timeout,
};

use crate::site::DEADLINE;

/// A program at a terminal of its own.
pub(super) struct Terminal {
    child: Child,
    said: String,
    looked: usize,
}

impl Terminal {
    pub(super) fn start(command: &Command) -> Result<Self> {
        let command = command.as_std();
        let words: Vec<_> = std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| format!("'{}'", word.to_string_lossy()))
            .collect();
        let variables = command.get_envs();
        let child = Command::new("script")
            .args([
                "--quiet",
                "--return",
                "--command",
                &words.join(" "),
                "/dev/null",
            ])
            .envs(variables.filter_map(|(name, value)| Some((name, value?))))
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            child,
            said: String::new(),
            looked: 0,
        })
    }

    /// Waits for a question that was not answered before, and presses keys.
    pub(super) async fn answer(&mut self, question: &str, keys: &str) -> Result<()> {
        loop {
            if let Some(place) = self.said[self.looked..].find(question) {
                self.looked += place + question.len();
                break;
            }
            ensure!(
                self.read().await?,
                "{question:?} is not asked:\n{}",
                self.said
            );
        }
        let stdin = self.child.stdin.as_mut().context("it is piped")?;
        stdin.write_all(keys.as_bytes()).await?;
        Ok(stdin.flush().await?)
    }

    /// Reads on; false at the end.
    async fn read(&mut self) -> Result<bool> {
        let mut bytes = [0; 4_096];
        let stdout = self.child.stdout.as_mut().context("it is piped")?;
        let read = timeout(DEADLINE, stdout.read(&mut bytes)).await;
        let read = read.with_context(|| format!("the terminal is silent:\n{}", self.said))??;
        self.said.push_str(&String::from_utf8_lossy(&bytes[..read]));
        Ok(read > 0)
    }

    /// What was said until the end, which was a good one.
    pub(super) async fn ended(mut self) -> Result<String> {
        while self.read().await? {}
        let status = self.child.wait().await?;
        ensure!(status.success(), "{status}:\n{}", self.said);
        Ok(self.said)
    }
}
