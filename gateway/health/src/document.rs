use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::{Counts, Percentiles};

/// The health document: `<root>/nodes/<node>/health`, retained, QoS 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// The version of this document's form: 1.
    pub v: u8,
    /// The node.
    pub node: String,
    /// When it was written; RFC 3339, UTC.
    pub time: String,
    /// The version of Weir.
    pub version: String,
    /// What the machine offers.
    pub capabilities: Capabilities,
    /// What the node uses.
    pub resources: ResourceHealth,
    /// The link to the broker.
    pub link: LinkHealth,
    /// Each pipeline, in the order of the configuration.
    pub pipelines: Vec<PipelineHealth>,
}

/// What the machine offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Capabilities {
    /// The processor's architecture.
    pub architecture: String,
    /// Processors that the node may use.
    pub cores: usize,
    /// The machine's memory.
    pub memory_bytes: u64,
    /// Vector instructions found.
    pub simd: Vec<String>,
}

/// What the node uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceHealth {
    /// Seconds since the node started.
    pub uptime_s: u64,
    /// Resident memory; left out where the system does not show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes: Option<u64>,
    /// Proportional share of memory; left out where the system does not show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pss_bytes: Option<u64>,
    /// Share of one processor since the last document; left out in the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<f64>,
}

/// The link to the broker, as observed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct LinkHealth {
    /// Connections made after the first.
    pub reconnects: u64,
    /// Times that the broker had forgotten the session: what it held for this node then is lost.
    pub sessions_lost: u64,
    /// Messages that the broker sent again.
    pub redelivered: u64,
    /// Results and rejects that the broker has not confirmed yet.
    pub outbox: u64,
    /// Publishes that the broker refused (they are sent again).
    pub refused: u64,
    /// Age of the oldest message that is not settled.
    pub unsettled_age_ms: u64,
    /// The last failure, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// One pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PipelineHealth {
    /// Its name.
    pub name: String,
    /// The engine that runs its guest.
    pub engine: String,
    /// The guest and its version.
    pub guest: String,
    /// The model and its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The further models; left out where messages name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<ModelsHealth>,
    /// What the guest runs; left out where an engine interprets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeHealth>,
    /// The device profile.
    pub profile: String,
    /// Messages since the node started.
    pub counts: Counts,
    /// Rejects by code.
    pub rejects: BTreeMap<String, u64>,
    /// From acceptance to the encoded result.
    pub latency_ms: Percentiles,
    /// The guest's call alone.
    pub infer_ms: Percentiles,
    /// From the start of loading until the guest that was opened last could take its first message: at the start, after
    /// it ended, or again for its model. The instances of `isolation = "fresh"` are told apart, in `opening_ms`.
    pub cold_start_ms: f64,
    /// From the start of opening a message's own instance until it could take the message; with `isolation = "fresh"`
    /// only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening_ms: Option<Percentiles>,
    /// Linear memory of one instance.
    pub guest_memory_bytes: u64,
    /// Messages that wait for the guest.
    pub queued: u64,
}

/// The compiled code of a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CodeHealth {
    /// It came with a package and was compiled for every processor of this architecture, not for the one at hand.
    pub precompiled: bool,
    /// New instances begin with their model loaded.
    pub snapshot: bool,
    /// Code for the processor at hand is being made, and takes the place of the precompiled code between two messages.
    pub improving: bool,
    /// Times that it did, in any instance.
    pub improved: u64,
    /// Why precompiled code goes on running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not_improved: Option<String>,
}

/// The further models of a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelsHealth {
    /// The models that messages may name beside the pipeline's own, with their versions.
    pub allowed: Vec<String>,
    /// Times that a model was opened again after it had made room for another (`loaded_models_kib_max`).
    pub reopened: u64,
}

/// The JSON schema of [`Health`], as committed in `docs/schemas`.
#[must_use]
pub fn schema() -> String {
    text_of(&schemars::schema_for!(Health))
}

pub(crate) fn text_of(schema: &Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    #[test]
    fn the_committed_schema_is_fresh() {
        is_fresh("health", &super::schema());
    }

    /// Compares with `docs/schemas`, or writes it anew.
    pub(crate) fn is_fresh(name: &str, schema: &str) {
        let file = format!("../../docs/schemas/{name}.schema.json");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
        if std::env::var_os("WEIR_BLESS").is_some() {
            std::fs::write(&path, schema).expect("the folder exists");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == schema,
            "docs/schemas/{name}.schema.json is stale: run `cargo xtask bless`"
        );
    }
}
