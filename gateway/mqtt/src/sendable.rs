use bytes::Bytes;
use weir_transport::{Outgoing, Refusal};

use crate::{
    topic,
    wire::{Wire, publish_bytes},
};

/// The largest packet that MQTT can frame.
pub(crate) const PACKET_BYTES_MAX: usize = 268_435_455;

/// What becomes of a message before it is sent.
pub(crate) enum Sendable {
    /// The broker can take it.
    AsItIs(Outgoing),
    /// Its sender put another in its place, or took it back.
    Substituted(Option<Outgoing>),
    /// Neither it nor what was put in its place can be sent.
    Never(Outgoing, Refusal),
}

/// Looks whether a broker that takes packets of so many bytes could take the message. One that it could not take would
/// end the connection, and come back with the next.
pub(crate) fn sendable(wire: &dyn Wire, mut message: Outgoing, bytes_max: usize) -> Sendable {
    let Err(refusal) = check(wire, &message, bytes_max) else {
        return Sendable::AsItIs(message);
    };
    let Some(substitute) = message.substitute.take() else {
        return Sendable::Never(message, refusal);
    };
    let Some(other) = substitute.substitute(message, &refusal) else {
        return Sendable::Substituted(None);
    };
    match check(wire, &other, bytes_max) {
        Ok(()) => Sendable::Substituted(Some(other)),
        Err(refusal) => Sendable::Never(other, refusal),
    }
}

fn check(wire: &dyn Wire, message: &Outgoing, bytes_max: usize) -> Result<(), Refusal> {
    if let Err(fault) = topic::check_name(&message.topic) {
        let topic = message.topic.chars().take(100).collect();
        return Err(Refusal::Topic { topic, fault });
    }
    let bytes = publish_bytes(wire, message);
    if bytes > bytes_max {
        return Err(Refusal::TooLarge { bytes, bytes_max });
    }
    check_properties(message)
}

fn check_properties(message: &Outgoing) -> Result<(), Refusal> {
    let properties = &message.properties;
    let pairs = properties
        .user
        .iter()
        .map(|(name, value)| name.len().max(value.len()));
    let lengths = [
        (
            "the content type",
            properties.content_type.as_deref().map_or(0, str::len),
        ),
        (
            "the response topic",
            properties.response_topic.as_deref().map_or(0, str::len),
        ),
        (
            "the correlation data",
            properties.correlation_data.as_ref().map_or(0, Bytes::len),
        ),
        ("a user property", pairs.max().unwrap_or(0)),
    ];
    match lengths
        .into_iter()
        .find(|(_, bytes)| *bytes > topic::BYTES_MAX)
    {
        Some((property, bytes)) => Err(Refusal::PropertyTooLong { property, bytes }),
        None => Ok(()),
    }
}
