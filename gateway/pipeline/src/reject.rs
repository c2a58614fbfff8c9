use std::fmt::Write as _;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use weir_payload::VERSION;

use crate::{Reason, now::UtcMillis, topics::NO_DEVICE};

/// The greatest number of a payload's bytes that a reject shows.
pub(crate) const EXCERPT_BYTES_MAX: usize = 64;

/// A message that got no result, and why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reject<'a> {
    /// The version of this document: 1.
    pub v: u8,
    /// The identity of the message: the sensor's own, else `<node>/<pipeline>/<device>/<counter>`.
    pub id: &'a str,
    /// When the message was accepted, RFC 3339 in UTC.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: UtcMillis,
    /// The pipeline.
    pub pipeline: &'a str,
    /// The device; `_` where none could be named.
    pub device: &'a str,
    /// The reason as a stable code, listed in `docs/topics.md`.
    pub code: &'a str,
    /// The reason in words.
    pub message: &'a str,
    /// The topic that the message came from.
    pub topic: &'a str,
    /// The payload's first 64 bytes: as text, or in hexadecimal after `0x` where they are not UTF-8.
    pub excerpt: &'a str,
    /// What the guest itself said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest_message: Option<&'a str>,
}

/// What a reject says of the message, kept apart from the message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) id: &'a str,
    pub(crate) time_us: i64,
    pub(crate) pipeline: &'a str,
    pub(crate) device: Option<&'a str>,
    pub(crate) topic: &'a str,
    /// The message's payload, of which the reject shows the start.
    pub(crate) payload: &'a [u8],
}

/// The reject as JSON.
pub(crate) fn write(about: About<'_>, reason: &Reason) -> Bytes {
    let document = Reject {
        v: VERSION,
        id: about.id,
        time: UtcMillis(about.time_us),
        pipeline: about.pipeline,
        device: about.device.unwrap_or(NO_DEVICE),
        code: reason.code,
        message: &reason.words,
        topic: about.topic,
        excerpt: &excerpt(about.payload),
        guest_message: reason.guest_message.as_deref(),
    };
    let json = serde_json::to_vec(&document).expect("texts and a number always make JSON");
    json.into()
}

/// As much of a payload as a reject needs: one byte more than it shows, to know that there is more.
pub(crate) fn start(payload: &[u8]) -> &[u8] {
    &payload[..payload.len().min(EXCERPT_BYTES_MAX + 1)]
}

/// The first bytes of a payload, readable.
fn excerpt(payload: &[u8]) -> String {
    let start = &payload[..payload.len().min(EXCERPT_BYTES_MAX)];
    let text = match std::str::from_utf8(start) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() && start.len() < payload.len() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    text.map_or_else(|| hexadecimal(start), str::to_owned)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::from("0x");
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_text_or_hexadecimal_and_never_long() {
        assert_eq!(excerpt(b"{\"ax\":"), "{\"ax\":");
        assert_eq!(excerpt(&[0xff, 0x00, 0x7f]), "0xff007f");
        assert_eq!(excerpt(&[b'a'; 1000]).len(), EXCERPT_BYTES_MAX);
        assert_eq!(excerpt(&[0xff; 1000]).len(), 2 + 2 * EXCERPT_BYTES_MAX);
        assert_eq!(excerpt(b""), "");
    }

    #[test]
    fn a_letter_that_the_cut_divides_is_left_out() {
        let text = format!("{}ü and more", "a".repeat(63));
        assert_eq!(excerpt(text.as_bytes()), "a".repeat(63));
        assert_eq!(excerpt("aü".as_bytes().split_last().unwrap().1), "0x61c3");
    }
}
