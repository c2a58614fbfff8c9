use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Health, Machine};

/// What a node answers on its status socket, and what `weir status --json` prints: how it is and what to do next. A node
/// that does not run answers nothing; then `weir status` itself says so in this form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The version of this document's form: 1.
    pub v: u8,
    /// How far the node is.
    pub state: NodeState,
    /// Whether all is well: the exit code of `weir status` is 0 then, and 1 otherwise.
    pub healthy: bool,
    /// The same in a line.
    pub words: String,
    /// What to do next, the most urgent first; empty where there is nothing to do.
    pub next: Vec<NextStep>,
    /// The broker; left out until the node looks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker: Option<BrokerStatus>,
    /// The last result and reject of each pipeline, in the order of `health.pipelines`.
    pub last: Vec<Last>,
    /// Engines that this node does not have.
    pub engines_absent: Vec<EngineAbsent>,
    /// What the machine shows of its own state.
    pub machine: Machine,
    /// The health document as it is now; left out until the node serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
}

/// How far a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// No node answers.
    NotRunning,
    /// Guests are compiled and opened.
    Starting,
    /// The broker is not there, or not yet.
    Waiting,
    /// Messages are taken and answered.
    Serving,
    /// A part of the node does not come back from its work.
    Stuck,
    /// What was accepted is finished; nothing new is taken.
    Stopping,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NextStep {
    /// What and why.
    pub words: String,
    /// The command that does it, or shows more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// The broker, as the node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BrokerStatus {
    /// Its address, without a user or a password.
    pub url: String,
    /// Whether both connections stand.
    pub connected: bool,
    /// For how many seconds it has been so; left out before the first connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_s: Option<u64>,
    /// Why there is no connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Topic filters that the broker does not let the node subscribe to.
    pub refused_filters: Vec<Refusal>,
    /// The last message that the broker did not take while some wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_publish: Option<Refusal>,
}

/// What a broker refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// The topic or the filter.
    pub topic: String,
    /// Why, as the broker's code says.
    pub words: String,
}

/// The last that a pipeline had to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Last {
    /// The pipeline.
    pub pipeline: String,
    /// Its last result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultSeen>,
    /// Its last reject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject: Option<RejectSeen>,
}

/// A result that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResultSeen {
    /// When; RFC 3339, UTC.
    pub time: String,
    /// How many seconds ago.
    pub age_s: u64,
    /// The device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
}

/// A reject that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RejectSeen {
    /// When; RFC 3339, UTC.
    pub time: String,
    /// How many seconds ago.
    pub age_s: u64,
    /// Its code.
    pub code: String,
    /// Why, in words; shortened where they are long.
    pub words: String,
    /// The topic that the message came from; shortened where it is long.
    pub topic: String,
}

/// An engine that this node does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EngineAbsent {
    /// Its name.
    pub engine: String,
    /// Why.
    pub reason: String,
}

/// The JSON schema of [`Status`], as committed in `docs/schemas`.
#[must_use]
pub fn status_schema() -> String {
    crate::document::text_of(&schemars::schema_for!(Status))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_schema_is_fresh() {
        crate::document::tests::is_fresh("status", &super::status_schema());
    }
}
