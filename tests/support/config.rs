use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use tempfile::TempDir;

use crate::places;

/// The configuration of one node, in a folder of its own that goes away with it.
///
/// Guests, models and device profiles are the repository's; what a test needs beyond that it adds as text, in the
/// words that an installer would write.
#[derive(Debug)]
pub struct NodeConfig {
    folder: TempDir,
    name: String,
    broker_port: u16,
    cache: PathBuf,
    compiled: Vec<PathBuf>,
    models: Vec<PathBuf>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    node: String,
    broker: String,
    sections: String,
}

impl NodeConfig {
    /// A node without pipelines, at the broker on this loopback port.
    ///
    /// # Errors
    /// Fails where no temporary folder can be made.
    pub fn new(name: &str, broker_port: u16) -> Result<Self> {
        let folder = TempDir::with_prefix("weir-node-")?;
        fs::create_dir(folder.path().join("device-profiles"))?;
        Ok(Self {
            cache: folder.path().join("cache"),
            compiled: Vec::new(),
            models: Vec::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder,
            name: name.to_owned(),
            broker_port,
            node: String::new(),
            broker: String::new(),
            sections: String::new(),
        })
    }

    /// Adds a line to `[node]`, such as `health_interval_s = 1`.
    #[must_use]
    pub fn node(mut self, line: &str) -> Self {
        self.node.push_str(line);
        self.node.push('\n');
        self
    }

    /// Adds a line to `[broker]`, such as `receive_max = 20`.
    #[must_use]
    pub fn broker(mut self, line: &str) -> Self {
        self.broker.push_str(line);
        self.broker.push('\n');
        self
    }

    /// Adds a section with its heading, such as `[pipeline.pump]`.
    #[must_use]
    pub fn section(mut self, text: &str) -> Self {
        self.sections.push('\n');
        self.sections.push_str(text);
        self.sections.push('\n');
        self
    }

    /// Adds a device profile beside those of the repository.
    ///
    /// # Errors
    /// Fails where the file cannot be written.
    pub fn profile(self, name: &str, text: &str) -> Result<Self> {
        let file = format!("{name}.toml");
        fs::write(self.folder.path().join("device-profiles").join(file), text)?;
        Ok(self)
    }

    /// Keeps compiled guests in this folder, which outlives the node, so that the next one starts at once.
    #[must_use]
    pub fn cache(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.cache);
        self
    }

    /// Looks for guests that were compiled elsewhere in this folder. Without one the node compiles every guest itself.
    #[must_use]
    pub fn compiled(mut self, folder: &Path) -> Self {
        self.compiled.push(folder.to_owned());
        self
    }

    /// Looks for models in this folder too, after the repository's.
    #[must_use]
    pub fn models(mut self, folder: &Path) -> Self {
        self.models.push(folder.to_owned());
        self
    }

    /// Starts the node with one more argument of `weir run`.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Starts the node with an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The variables that `weir run` is started with.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// The socket on which the node answers `weir status`.
    #[must_use]
    pub fn status_socket(&self) -> PathBuf {
        self.folder.path().join("status.sock")
    }

    /// What `weir run` is given beside the configuration.
    pub(crate) fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port of its broker.
    #[must_use]
    pub fn broker_port(&self) -> u16 {
        self.broker_port
    }

    /// The folder that holds everything the node writes and the test reads.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file, as it is now.
    ///
    /// # Errors
    /// Fails where the file cannot be written.
    pub fn write(&self) -> Result<PathBuf> {
        let repository = places::repository();
        let profiles = [
            self.folder.path().join("device-profiles"),
            repository.join("device-profiles"),
        ];
        let mut text = String::new();
        writeln!(text, "[node]\nname = {:?}\n{}", self.name, self.node)?;
        writeln!(text, "status_socket = {:?}", self.status_socket())?;
        writeln!(
            text,
            "[broker]\nurl = \"mqtt://127.0.0.1:{}\"\n{}",
            self.broker_port, self.broker
        )?;
        writeln!(text, "[paths]")?;
        writeln!(text, "guests = {:?}", [places::guests()?])?;
        let mut models = vec![repository.join("models")];
        models.extend(self.models.iter().cloned());
        writeln!(text, "models = {models:?}")?;
        writeln!(text, "profiles = {profiles:?}")?;
        writeln!(text, "compiled = {:?}", self.compiled)?;
        writeln!(text, "cache = {:?}", self.cache)?;
        text.push_str(&self.sections);
        let file = self.folder.path().join("weir.toml");
        fs::write(&file, text)?;
        Ok(file)
    }
}
