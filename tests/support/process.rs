use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// The lines of a log that a failure shows.
const SHOWN_LINES_MAX: usize = 60;

/// A child process with its output in a file. It is killed when dropped, and a panicking test shows its log.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    pid: Pid,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; standard output and standard error are appended to the file `log`.
    ///
    /// # Errors
    /// Fails where the program cannot be started or the file not be written.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("failed to write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("failed to start {name}"))?;
        let pid = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .context("a process that was just started has an id")?;
        Ok(Self {
            name: name.to_owned(),
            child,
            pid,
            log: log.to_owned(),
        })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// What it has written so far.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The last lines that it has written.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(SHOWN_LINES_MAX)..].join("\n")
    }

    /// Fails, with the end of the log, where the process has ended.
    ///
    /// # Errors
    /// Fails where it has ended.
    pub fn still_runs(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!(
                "{} ended by itself ({status}):\n{}",
                self.name,
                self.log_tail()
            ),
        }
    }

    /// Asks it to end: SIGTERM.
    ///
    /// # Errors
    /// Fails where it has ended before.
    pub fn sigterm(&self) -> Result<()> {
        kill_process(self.pid, Signal::TERM)
            .with_context(|| format!("{} cannot be asked to end", self.name))
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// Fails, with the end of the log, where it still runs when the time is over.
    pub async fn ended_within(&mut self, deadline: Duration) -> Result<ExitStatus> {
        match timeout(deadline, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!(
                "{} still runs after {deadline:?}:\n{}",
                self.name,
                self.log_tail()
            ),
        }
    }

    /// Ends it at once (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    /// Fails where it belongs to somebody else.
    pub async fn kill(&mut self) -> Result<()> {
        self.child
            .kill()
            .await
            .with_context(|| format!("{} cannot be killed", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- {} ----\n{}\n----", self.name, self.log_tail());
        }
    }
}
