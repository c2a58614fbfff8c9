use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::Command,
    time::{Instant, sleep},
};

use crate::{Process, places};

const SHIPPED: &str = "broker-config/mosquitto/weir.conf";
const START_DEADLINE: Duration = Duration::from_secs(20);
const STOP_DEADLINE: Duration = Duration::from_secs(20);
const POLL_FIRST: Duration = Duration::from_millis(2);
const POLL_MAX: Duration = Duration::from_millis(50);

/// A free port can be taken by somebody else before the broker has it.
const PORTS_TRIED_MAX: usize = 5;

/// Keys of the shipped file that a test decides itself: where it listens and writes, and that everybody may connect.
const REPLACED: [&str; 12] = [
    "acl_file",
    "allow_anonymous",
    "bind_address",
    "include_dir",
    "listener",
    "log_dest",
    "password_file",
    "persistence",
    "persistence_location",
    "pid_file",
    "port",
    "user",
];

/// A real Mosquitto with the shipped configuration, on a loopback port and in a folder of its own.
#[derive(Debug)]
pub struct Mosquitto {
    process: Option<Process>,
    port: u16,
    folder: TempDir,
    shipped: String,
}

impl Mosquitto {
    /// Starts one and waits until it takes connections.
    ///
    /// # Errors
    /// Fails where Mosquitto is not installed, or refuses the shipped configuration.
    pub async fn start() -> Result<Self> {
        let path = places::repository().join(SHIPPED);
        let shipped =
            fs::read_to_string(path).with_context(|| format!("failed to read {SHIPPED}"))?;
        let mut broker = Self {
            process: None,
            port: 0,
            folder: TempDir::with_prefix("weir-mosquitto-")?,
            shipped,
        };
        for attempt in 1.. {
            broker.port = places::free_port()?;
            match broker.run().await {
                Ok(()) => break,
                Err(error) if attempt == PORTS_TRIED_MAX => return Err(error),
                Err(error) if !error.to_string().contains("Address already in use") => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        Ok(broker)
    }

    /// The port, on 127.0.0.1; the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<i32> {
        self.process.as_ref().map(Process::id)
    }

    /// What it has logged so far, over all its runs.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Ends it in order (SIGTERM): sessions and queued messages are on disk afterwards.
    ///
    /// # Errors
    /// Fails where it does not end in time.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(mut process) = self.process.take() else {
            return Ok(());
        };
        process.sigterm()?;
        process.ended_within(STOP_DEADLINE).await?;
        Ok(())
    }

    /// Ends it at once (SIGKILL): what it has not written to disk is lost.
    ///
    /// # Errors
    /// Fails where it cannot be killed.
    pub async fn kill(&mut self) -> Result<()> {
        match self.process.take() {
            Some(mut process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Stops it where it runs, and starts it again on the same port with the same stored sessions.
    ///
    /// # Errors
    /// Fails where it does not end, or does not start.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.run().await
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("mosquitto.log")
    }

    async fn run(&mut self) -> Result<()> {
        let config = self.folder.path().join("mosquitto.conf");
        fs::write(
            &config,
            configuration(&self.shipped, self.port, self.folder.path()),
        )?;
        let mut command = Command::new(program()?);
        command.arg("-c").arg(&config);
        let mut process = Process::start("mosquitto", command, &self.log_file())?;
        let deadline = Instant::now() + START_DEADLINE;
        let mut pause = POLL_FIRST;
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            process.still_runs()?;
            if Instant::now() > deadline {
                bail!(
                    "mosquitto takes no connection after {START_DEADLINE:?}:\n{}",
                    process.log_tail()
                );
            }
            sleep(pause).await;
            pause = (pause * 2).min(POLL_MAX);
        }
        process.still_runs()?;
        self.process = Some(process);
        Ok(())
    }
}

fn program() -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|folder| folder.join("mosquitto"))
        .find(|program| program.is_file())
        .context("mosquitto is not installed: run `cargo xtask test`, which installs it")
}

/// The shipped configuration, but for what [`REPLACED`] names.
fn configuration(shipped: &str, port: u16, folder: &Path) -> String {
    let kept = shipped.lines().filter(|line| {
        line.split_whitespace()
            .next()
            .is_none_or(|key| !REPLACED.contains(&key))
    });
    let mut text: String = kept.map(|line| format!("{line}\n")).collect();
    let user = rustix::process::geteuid();
    // As root, Mosquitto becomes the user `mosquitto`, who may not write to the folder.
    if user.is_root() {
        text.push_str("user root\n");
    }
    text.push_str(&format!(
        "log_dest stderr\npersistence true\npersistence_location {}/\n\
         listener {port} 127.0.0.1\nallow_anonymous true\n",
        folder.display()
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_lines_stay_but_for_the_place() {
        let shipped = "# a comment\nlistener 1883\npersistence_location /var/lib/mosquitto/\n\
                       max_queued_messages 0\n";
        let text = configuration(shipped, 7000, Path::new("/tmp/x"));
        assert!(text.starts_with("# a comment\nmax_queued_messages 0\n"));
        assert!(text.contains("\nlistener 7000 127.0.0.1\n"));
        assert!(text.contains("\npersistence_location /tmp/x/\n"));
        assert!(!text.contains("1883"));
    }
}
