//! The files exactly as a user writes them. The doc comments here are the reference: `docs/configuration.md` and
//! the JSON schemas are made from them.

mod node;
mod numbers;
mod pipeline;
mod profile;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use node::{Broker, Compile, Node, Paths, Protocol};
pub use numbers::Numbers;
pub use pipeline::{
    CodecName, ColorName, Decode, FloatName, FormatName, IsolationName, Outcome, PayloadType,
    Pipeline, ResizeName, Window,
};
pub use profile::{ClassName, EngineName, NnBackendName, ProfileFile, ProfileLimits};

/// `weir.toml` and the files of `conf.d` beside it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The node itself.
    pub node: Node,
    /// The broker and the session with it.
    pub broker: Broker,
    /// The folders that names are looked up in. Relative paths start at the file that states them.
    pub paths: Paths,
    /// Devices with a device profile of their own: `"pump-7" = "cortex-m4-256k"`.
    pub devices: BTreeMap<String, String>,
    /// The pipelines, each a table of its own name: `[pipeline.pump-vibration]`.
    pub pipeline: BTreeMap<String, Pipeline>,
}
