use std::fmt;

use crate::Outgoing;

/// Why a transport can never send a message as it is. Found before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is larger than the other side takes.
    #[error("the message takes {bytes} bytes on the wire, the broker accepts {bytes_max}")]
    TooLarge {
        /// The size with topic and properties.
        bytes: usize,
        /// The largest that is accepted.
        bytes_max: usize,
    },
    /// Nothing can be published to its topic.
    #[error("{topic:?} is no topic to publish to: {fault}")]
    Topic {
        /// The topic, cut where it is very long.
        topic: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A property is longer than the wire format can say.
    #[error("{property} takes {bytes} bytes, MQTT can carry 65535")]
    PropertyTooLong {
        /// Which one.
        property: &'static str,
        /// Its length.
        bytes: usize,
    },
}

/// What is sent in place of a message that can never be sent.
pub trait Substitute: Send + Sync + fmt::Debug {
    /// Takes a refused message back, ticket included, and gives another (a reject, as a rule) that carries the ticket
    /// on. `None` drops the ticket as the implementation left it.
    ///
    /// Called on the transport's own task: it must be quick and must not block.
    fn substitute(&self, refused: Outgoing, why: &Refusal) -> Option<Outgoing>;
}
