//! Who is measured: one file each. Another one is a file beside these and a line in [`Kind`].

mod echo;
mod generator;
mod python;
mod weir;

use std::path::PathBuf;

use anyhow::Result;
use tempfile::TempDir;
use weir_tests::{NodeConfig, Process};

use crate::report::WINDOWS;

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
    /// Weir, the int8 network interpreted.
    WeirWasmiInt8,
    /// paho-mqtt and ONNX Runtime.
    Python,
    /// Weir with one pipeline, beside the one with many.
    Pipelines1,
    /// The same load over many pipelines.
    Pipelines64,
    /// Weir with messages of one device, beside the one of many.
    Devices1,
    /// The same load from many devices.
    Devices10000,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Generator,
        Self::Echo,
        Self::WeirWasmtime,
        Self::WeirWasmi,
        Self::WeirWasmiInt8,
        Self::Python,
        Self::Pipelines1,
        Self::Pipelines64,
        Self::Devices1,
        Self::Devices10000,
    ];

    /// Its name in the figures and on the command line.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Echo => "echo",
            Self::WeirWasmtime => "weir-wasmtime",
            Self::WeirWasmi => "weir-wasmi",
            Self::WeirWasmiInt8 => "weir-wasmi-int8",
            Self::Python => "python",
            Self::Pipelines1 => "pipelines-1",
            Self::Pipelines64 => "pipelines-64",
            Self::Devices1 => "devices-1",
            Self::Devices10000 => "devices-10000",
        }
    }

    /// Its name in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Generator => "load generator alone",
            Self::Echo => "echo (rumqttc): the limit",
            Self::WeirWasmtime => "**Weir on Wasmtime**",
            Self::WeirWasmi => "Weir on wasmi",
            Self::WeirWasmiInt8 => "Weir on wasmi, int8 network",
            Self::Python => "Python (paho-mqtt + ONNX Runtime)",
            Self::Pipelines1 => "Weir, 1 pipeline",
            Self::Pipelines64 => "Weir, 64 pipelines",
            Self::Devices1 => "Weir, 1 device",
            Self::Devices10000 => "Weir, 10,000 devices",
        }
    }

    pub(crate) fn is_weir(self) -> bool {
        !matches!(self, Self::Generator | Self::Echo | Self::Python)
    }

    /// The contestant that this one is the same as, but for its size.
    pub(crate) fn smaller(self) -> Option<Self> {
        match self {
            Self::Pipelines64 => Some(Self::Pipelines1),
            Self::Devices10000 => Some(Self::Devices1),
            Self::Generator
            | Self::Echo
            | Self::WeirWasmtime
            | Self::WeirWasmi
            | Self::WeirWasmiInt8
            | Self::Python
            | Self::Pipelines1
            | Self::Devices1 => None,
        }
    }

    /// The windows that it is measured at: of size, only the loaded node is of interest.
    pub(crate) fn windows(self) -> &'static [usize] {
        match self {
            Self::Pipelines1 | Self::Pipelines64 | Self::Devices1 | Self::Devices10000 => {
                &WINDOWS[..1]
            }
            Self::Generator
            | Self::Echo
            | Self::WeirWasmtime
            | Self::WeirWasmi
            | Self::WeirWasmiInt8
            | Self::Python => &WINDOWS,
        }
    }

    pub(crate) async fn start(self, stage: &Stage) -> Result<Contestant> {
        match self {
            Self::Generator => Ok(generator::start()),
            Self::Echo => echo::start(stage),
            Self::Python => python::start(stage),
            Self::WeirWasmtime => weir::start(stage, self, &weir::COMPILED).await,
            Self::WeirWasmi => weir::start(stage, self, &weir::INTERPRETED).await,
            Self::WeirWasmiInt8 => weir::start(stage, self, &weir::INTERPRETED_INT8).await,
            Self::Pipelines1 => weir::start(stage, self, &weir::SMALL).await,
            Self::Pipelines64 => weir::start(stage, self, &weir::MANY_PIPELINES).await,
            Self::Devices1 => weir::start(stage, self, &weir::ONE_DEVICE).await,
            Self::Devices10000 => weir::start(stage, self, &weir::MANY_DEVICES).await,
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

/// Where messages go and results come from. `{pipeline}` stands for the number of one.
#[derive(Debug, Clone)]
pub(crate) struct Topics {
    /// The topic of messages, with `{device}` in it.
    input: String,
    /// The topic of results, without the device.
    results: String,
    /// The topic of rejects, without the device.
    rejects: Option<String>,
    pipelines: usize,
    /// Devices that publish in turn, each to one pipeline.
    pub(crate) devices: usize,
}

/// Devices of a contestant that is not measured for their number.
const DEVICES: usize = 8;

impl Topics {
    fn new(input: impl Into<String>, results: impl Into<String>) -> Self {
        Self {
            input: input.into(),
            results: results.into(),
            rejects: None,
            pipelines: 1,
            devices: DEVICES,
        }
    }

    /// The topic of one of the devices.
    pub(crate) fn input(&self, device: &str, number: usize) -> String {
        let pipeline = (number % self.pipelines).to_string();
        let topic = self.input.replace("{device}", device);
        topic.replace("{pipeline}", &pipeline)
    }

    fn input_filter(&self) -> String {
        self.input("+", 0)
    }

    /// What to subscribe, to see every result and every reject.
    pub(crate) fn answers(&self) -> Vec<String> {
        let all = [Some(&self.results), self.rejects.as_ref()];
        let all = all.into_iter().flatten();
        let filters = |topic: &String| {
            let of = |number: usize| topic.replace("{pipeline}", &number.to_string()) + "/+";
            (0..self.pipelines).map(of).collect::<Vec<_>>()
        };
        all.flat_map(filters).collect()
    }

    pub(crate) fn is_reject(&self, topic: &str) -> bool {
        let start = |rejects: &String| {
            let (start, _) = rejects.split_once("{pipeline}").unwrap_or((rejects, ""));
            topic.starts_with(start)
        };
        self.rejects.as_ref().is_some_and(start)
    }
}
