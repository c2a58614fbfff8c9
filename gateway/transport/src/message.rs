use std::sync::Arc;

use bytes::Bytes;

use crate::{Substitute, Text, Ticket};

/// How surely a message is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QoS {
    /// 0: may be lost, is never acknowledged.
    AtMostOnce,
    /// 1: may be repeated, is never lost.
    AtLeastOnce,
}

/// A message as the transport received it. Nothing in it has been checked but its size.
#[derive(Debug, Clone)]
pub struct Message {
    /// The topic that it was published to.
    pub topic: Text,
    /// Its bytes, shared with the network buffer.
    pub payload: Bytes,
    /// How it was delivered.
    pub qos: QoS,
    /// Whether the broker replayed it at subscribe.
    pub retained: bool,
    /// Whether the broker says that it sent it before.
    pub duplicate: bool,
    /// Its MQTT 5 properties.
    pub properties: Properties,
}

/// The properties that Weir reads and writes (MQTT 5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    /// What the payload is.
    pub content_type: Option<Text>,
    /// Where a reply is awaited.
    pub response_topic: Option<String>,
    /// What the reply must carry.
    pub correlation_data: Option<Bytes>,
    /// Names and values.
    pub user: Vec<(String, String)>,
}

/// A message on its way out.
#[derive(Debug)]
pub struct Outgoing {
    /// Where it goes.
    pub topic: Text,
    /// Its bytes.
    pub payload: Bytes,
    /// How surely.
    pub qos: QoS,
    /// Whether the broker keeps it for later subscribers.
    pub retain: bool,
    /// Its MQTT 5 properties; left out on MQTT 3.1.1.
    pub properties: Properties,
    /// Settled once this message is safe: acknowledged by the broker at QoS 1, handed to the network at QoS 0.
    pub ticket: Option<Ticket>,
    /// Asked for another message where this one can never be sent; without it a refused message is counted as
    /// unsendable, logged, and its ticket is settled, because a message that can never be sent must not come back.
    pub substitute: Option<Arc<dyn Substitute>>,
}

impl Outgoing {
    /// A message at QoS 1, not retained, without properties, ticket or substitute.
    #[must_use]
    pub fn new(topic: impl Into<Text>, payload: Bytes) -> Self {
        Self {
            topic: topic.into(),
            payload,
            qos: QoS::AtLeastOnce,
            retain: false,
            properties: Properties::default(),
            ticket: None,
            substitute: None,
        }
    }
}
