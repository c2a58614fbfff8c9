//! Who is measured: one file each. Another one is a file beside these and a line in [`Kind`].

mod echo;
mod generator;
mod python;
mod weir;

use std::path::PathBuf;

use anyhow::Result;
use tempfile::TempDir;
use weir_tests::{NodeConfig, Process};

/// Those who are measured, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The load generator alone: its messages come straight back from the broker.
    Generator,
    /// An echo over rumqttc: the limit.
    Echo,
    /// Weir, the guest compiled.
    WeirWasmtime,
    /// Weir, the guest interpreted.
    WeirWasmi,
    /// paho-mqtt and ONNX Runtime.
    Python,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Generator,
        Self::Echo,
        Self::WeirWasmtime,
        Self::WeirWasmi,
        Self::Python,
    ];

    /// Its name in the figures and on the command line.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Echo => "echo",
            Self::WeirWasmtime => "weir-wasmtime",
            Self::WeirWasmi => "weir-wasmi",
            Self::Python => "python",
        }
    }

    /// Its name in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Generator => "load generator alone",
            Self::Echo => "echo (rumqttc): the limit",
            Self::WeirWasmtime => "**Weir on Wasmtime**",
            Self::WeirWasmi => "Weir on wasmi",
            Self::Python => "Python (paho-mqtt + ONNX Runtime)",
        }
    }

    pub(crate) fn is_weir(self) -> bool {
        matches!(self, Self::WeirWasmtime | Self::WeirWasmi)
    }

    pub(crate) async fn start(self, stage: &Stage) -> Result<Contestant> {
        match self {
            Self::Generator => Ok(generator::start()),
            Self::Echo => echo::start(stage),
            Self::WeirWasmtime => weir::start(stage, weir::Engine::Wasmtime).await,
            Self::WeirWasmi => weir::start(stage, weir::Engine::Wasmi).await,
            Self::Python => python::start(stage),
        }
    }
}

/// What every contestant is given.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The broker's port.
    pub(crate) port: u16,
    /// Where logs go; gone after the run.
    pub(crate) folder: TempDir,
    /// What outlives the run: compiled guests, the Python environment.
    pub(crate) target: PathBuf,
}

/// Somebody who turns messages into results.
#[derive(Debug)]
pub(crate) struct Contestant {
    pub(crate) topics: Topics,
    /// None where the broker alone answers.
    pub(crate) process: Option<Process>,
    /// The node's folder has to last as long as the node.
    pub(crate) _config: Option<NodeConfig>,
}

/// Where messages go and results come from.
#[derive(Debug, Clone)]
pub(crate) struct Topics {
    /// The topic of messages, with `{device}` in it.
    input: String,
    /// The topic of results, without the device.
    pub(crate) results: String,
    /// The topic of rejects, without the device.
    pub(crate) rejects: Option<String>,
}

impl Topics {
    pub(crate) fn input(&self, device: &str) -> String {
        self.input.replace("{device}", device)
    }

    fn input_filter(&self) -> String {
        self.input("+")
    }
}
