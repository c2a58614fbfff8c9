use std::{env, fs, path::PathBuf, process::ExitStatus, time::Duration};

use anyhow::{Result, bail};
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

use crate::{Client, NodeConfig, Process, Received, places};

/// Compiling the largest guest takes tens of seconds on a busy machine.
const START_DEADLINE: Duration = Duration::from_secs(180);

/// How often a node that is not online yet is looked at: it may have ended.
const LOOK: Duration = Duration::from_millis(20);

/// How often its log is looked at from then on.
const LOOK_AT_LOG: Duration = Duration::from_millis(1);

/// What a node logs once the broker has granted every subscription.
const READY: &str = "ready: every topic filter is subscribed";

/// A real node: `weir run --config FILE`, in a process of its own.
#[derive(Debug)]
pub struct WeirProcess {
    process: Process,
    ready_after: Duration,
}

impl WeirProcess {
    /// Starts a node and waits until it takes messages.
    ///
    /// There are two signs: a live (not retained) `online` on `weir/nodes/<node>/status`, and the line in the log that
    /// says that the broker has granted every subscription. The broker must run before.
    ///
    /// # Errors
    /// Fails, with the end of the log, where the node ends or does not get ready in time.
    pub async fn start(config: &NodeConfig) -> Result<Self> {
        let watcher = Client::connect(config.broker_port(), "weir-test-watcher").await?;
        let topic = format!("weir/nodes/{}/status", config.name());
        watcher.subscribe(&topic).await?;
        let lines_before = ready_lines(config);
        let begin = Instant::now();
        let mut node = Self::spawn(config)?;
        let end = begin + START_DEADLINE;
        let mut online = false;
        while !(online && ready_lines(config) > lines_before) {
            let live = |message: &Received| !message.retained && message.payload == "online";
            if online {
                sleep(LOOK_AT_LOG).await;
            } else {
                online = watcher.take(live, LOOK).await.is_ok();
            }
            node.process.still_runs()?;
            if Instant::now() > end {
                bail!(
                    "the node is not ready after {START_DEADLINE:?} (online: {online}):\n{}",
                    node.process.log_tail()
                );
            }
        }
        node.ready_after = begin.elapsed();
        Ok(node)
    }

    /// Starts a node and does not wait: for nodes that are expected to fail, or whose broker is away.
    ///
    /// # Errors
    /// Fails where there is no binary.
    pub fn spawn(config: &NodeConfig) -> Result<Self> {
        let mut command = Command::new(weir_program()?);
        command.arg("run").arg("--config").arg(config.write()?);
        command
            .args(config.arguments())
            .envs(config.environment().iter().cloned())
            .current_dir(config.folder());
        let process = Process::start("weir", command, &log_file(config))?;
        Ok(Self {
            process,
            ready_after: Duration::ZERO,
        })
    }

    /// How long it took from the start of the process until it took messages; zero where that was not waited for.
    #[must_use]
    pub const fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.process.id()
    }

    /// What it, and a node before it with the same configuration, has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Asks it to drain and end.
    ///
    /// # Errors
    /// Fails where it has ended before.
    pub fn sigterm(&self) -> Result<()> {
        self.process.sigterm()
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// Fails, with the end of the log, where it still runs when the time is over.
    pub async fn ended_within(&mut self, deadline: Duration) -> Result<ExitStatus> {
        self.process.ended_within(deadline).await
    }

    /// Ends it at once (SIGKILL).
    ///
    /// # Errors
    /// Fails where it cannot be killed.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Fails, with the end of the log, where it has ended.
    ///
    /// # Errors
    /// Fails where it has ended.
    pub fn still_runs(&mut self) -> Result<()> {
        self.process.still_runs()
    }

    /// The bare process.
    #[must_use]
    pub fn into_process(self) -> Process {
        self.process
    }
}

fn log_file(config: &NodeConfig) -> PathBuf {
    config.folder().join("weir.log")
}

/// How often a node of this configuration has got ready: a second one appends to the first one's log.
fn ready_lines(config: &NodeConfig) -> usize {
    let log = fs::read_to_string(log_file(config)).unwrap_or_default();
    log.matches(READY).count()
}

/// The program that nodes run: `WEIR_BIN`, else `weir` beside this executable.
///
/// # Errors
/// Fails where it is not there.
pub fn weir_program() -> Result<PathBuf> {
    let program = match env::var_os("WEIR_BIN") {
        Some(program) => PathBuf::from(program),
        None => places::profile_folder()?.join("weir"),
    };
    if !program.is_file() {
        bail!("no weir binary here: run `cargo xtask test`, which builds it, or set WEIR_BIN");
    }
    Ok(program)
}
