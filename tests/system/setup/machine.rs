//! A machine that is set up: the folders of Weir and of Mosquitto, and what runs with what is in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use rustix::process::geteuid;
use tempfile::TempDir;
use tokio::{net::TcpStream, process::Command};
use weir_tests::{Process, free_port};

use crate::{
    program::{self, Finished},
    site::{READY, until},
};

/// A machine that is to be set up: a configuration's folder, and Mosquitto's.
pub(super) struct Machine {
    pub(super) folder: TempDir,
    pub(super) port: u16,
}

/// A chip whose deadlines a busy machine does not miss.
const CALM: &str = "inherit = \"cortex-m4-256k\"\n[limits]\ncall_deadline_ms_max = 60000\n\
                    load_deadline_ms_max = 600000\n";

impl Machine {
    pub(super) fn new() -> Result<Self> {
        let folder = TempDir::with_prefix("weir-setup-")?;
        let path = folder.path();
        fs::create_dir_all(path.join("mosquitto/conf.d"))?;
        fs::create_dir_all(path.join("weir/device-profiles"))?;
        fs::write(path.join("weir/device-profiles/calm-chip.toml"), CALM)?;
        let machine = Self {
            port: free_port()?,
            folder,
        };
        fs::write(
            machine.mosquitto().join("mosquitto.conf"),
            machine.distribution(),
        )?;
        Ok(machine)
    }

    /// What a distribution's Mosquitto begins with, in a folder of the test's own.
    pub(super) fn distribution(&self) -> String {
        let folder = self.folder.path().display();
        let user = if geteuid().is_root() {
            "user root\n"
        } else {
            ""
        };
        format!(
            "{user}persistence true\npersistence_location {folder}/\nlog_dest stderr\n\
             include_dir {folder}/mosquitto/conf.d\n"
        )
    }

    pub(super) fn mosquitto(&self) -> PathBuf {
        self.folder.path().join("mosquitto")
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.path().join("weir/weir.toml")
    }

    pub(super) fn command(&self, options: &[&str]) -> Result<Command> {
        let port = self.port.to_string();
        let mut command = program::command(&["setup", "--no-restart"], options)?;
        command
            .arg("--config")
            .arg(self.config())
            .arg("--mosquitto-folder")
            .arg(self.mosquitto())
            .args(["--mosquitto-port", &port])
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"));
        Ok(command)
    }

    pub(super) async fn setup(&self, options: &[&str]) -> Result<Finished> {
        program::finish(self.command(options)?).await
    }

    /// Starts Mosquitto with what is in its folder.
    pub(super) async fn broker(&self) -> Result<Process> {
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"];
        let program = program
            .into_iter()
            .find(|program| Path::new(program).is_file());
        let mut command = Command::new(program.unwrap_or("mosquitto"));
        command
            .arg("-c")
            .arg(self.mosquitto().join("mosquitto.conf"));
        let log = self.folder.path().join("mosquitto.log");
        let mut broker = Process::start("mosquitto", command, &log)?;
        until("mosquitto listens", async || {
            broker.still_runs()?;
            Ok(TcpStream::connect(("127.0.0.1", self.port)).await.is_ok())
        })
        .await?;
        Ok(broker)
    }

    /// Starts the node with what was set up.
    pub(super) async fn node(&self) -> Result<Process> {
        let mut command = program::command(&["run", "--config"], &[self.config()])?;
        command
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .env(
                "WEIR__NODE__STATUS_SOCKET",
                self.folder.path().join("status.sock"),
            );
        let mut node = Process::start("weir", command, &self.folder.path().join("weir.log"))?;
        until("the node is ready", async || {
            node.still_runs()?;
            Ok(node.log().contains(READY))
        })
        .await?;
        Ok(node)
    }

    pub(super) fn read(&self, file: &str) -> Result<String> {
        let path = self.folder.path().join(file);
        fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))
    }

    /// A broker that lets everybody in.
    pub(super) async fn open_broker(&self) -> Result<Process> {
        let drop_in = format!("listener {} 127.0.0.1\nallow_anonymous true\n", self.port);
        fs::write(self.mosquitto().join("conf.d/open.conf"), drop_in)?;
        self.broker().await
    }
}
