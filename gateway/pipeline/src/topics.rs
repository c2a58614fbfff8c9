//! The names of Weir's own topics: the one place that builds them. `docs/topics.md` is their page.

use weir_profile::{DeviceId, NodeName, PipelineName};

/// The device's place in a topic where no device could be named.
pub const NO_DEVICE: &str = "_";

/// Which way a topic's messages go, seen from Weir.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Weir subscribes.
    In,
    /// Weir publishes.
    Out,
}

/// One kind of topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic {
    /// Its name, with `<…>` for what varies; `<root>` is `node.root`, by default `weir`.
    pub name: &'static str,
    /// Which way.
    pub direction: Direction,
    /// Its quality of service.
    pub qos: &'static str,
    /// Whether the broker keeps the last message.
    pub retained: &'static str,
    /// What its messages are.
    pub payload: &'static str,
}

/// Every kind of topic that Weir reads or writes.
#[must_use]
pub const fn topics() -> &'static [Topic] {
    const TOPICS: &[Topic] = &[
        Topic {
            name: "a pipeline's `topic`, by convention `sensors/<device>/<signal>`",
            direction: Direction::In,
            qos: "1 at most",
            retained: "where the pipeline says `retained = true`",
            payload: "what the pipeline's codec reads",
        },
        Topic {
            name: "`<root>/results/<pipeline>/<device>`",
            direction: Direction::Out,
            qos: "`result.qos`, default 1",
            retained: "`result.retain`, default no",
            payload: "[result](schemas/result.schema.json), or postcard",
        },
        Topic {
            name: "`<root>/rejects/<pipeline>/<device>`",
            direction: Direction::Out,
            qos: "`result.qos`, default 1",
            retained: "no",
            payload: "[reject](schemas/reject.schema.json)",
        },
        Topic {
            name: "a request's response topic",
            direction: Direction::Out,
            qos: "`result.qos`, default 1",
            retained: "no",
            payload: "the same result or reject",
        },
        Topic {
            name: "`<root>/nodes/<node>/status`",
            direction: Direction::Out,
            qos: "1",
            retained: "yes",
            payload: "the text `online` or `offline` (Last Will)",
        },
        Topic {
            name: "`<root>/nodes/<node>/health`",
            direction: Direction::Out,
            qos: "0",
            retained: "yes",
            payload: "[health](schemas/health.schema.json)",
        },
    ];
    TOPICS
}

/// The filters of everything that Weir publishes by itself: no pipeline may take any of it.
#[must_use]
pub fn own_filters(root: &str) -> [String; 3] {
    [
        format!("{root}/results/+/+"),
        format!("{root}/rejects/+/+"),
        format!("{root}/nodes/+/+"),
    ]
}

/// `<root>/results/<pipeline>/<device>`
#[must_use]
pub fn result(root: &str, pipeline: &PipelineName, device: &DeviceId) -> String {
    results(root, pipeline) + device.as_str()
}

/// `<root>/results/<pipeline>/`: what the topics of a pipeline's results begin with.
#[must_use]
pub(crate) fn results(root: &str, pipeline: &PipelineName) -> String {
    format!("{root}/results/{pipeline}/")
}

/// `<root>/rejects/<pipeline>/<device>`, with [`NO_DEVICE`] where none could be named.
#[must_use]
pub fn reject(root: &str, pipeline: &PipelineName, device: Option<&DeviceId>) -> String {
    let device = device.map_or(NO_DEVICE, DeviceId::as_str);
    format!("{root}/rejects/{pipeline}/{device}")
}

/// `<root>/nodes/<node>/status`
#[must_use]
pub fn status(root: &str, node: &NodeName) -> String {
    format!("{root}/nodes/{node}/status")
}

/// `<root>/nodes/<node>/health`
#[must_use]
pub fn health(root: &str, node: &NodeName) -> String {
    format!("{root}/nodes/{node}/health")
}

#[cfg(test)]
mod tests;
