//! Packets to and from bytes. One sibling per version of MQTT translates between rumqttc's codec and the few types
//! here, so that the session is written once.

mod v311;
mod v5;

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use weir_transport::{Message, Outgoing, QoS};

use crate::{Protocol, SessionConfig, Subscription, error::LinkError};

/// One version of MQTT.
pub(crate) trait Wire: Send + Sync {
    /// Writes a CONNECT.
    fn connect(&self, hello: &Hello<'_>, out: &mut BytesMut);

    /// Writes a SUBSCRIBE.
    fn subscribe(&self, pkid: u16, subscriptions: &[&Subscription], out: &mut BytesMut);

    /// Writes the properties of a PUBLISH, their length first.
    fn properties(&self, message: &Outgoing, out: &mut BytesMut);

    /// Bytes that the properties of a message take, with their length.
    fn properties_bytes(&self, message: &Outgoing) -> usize;

    /// Reads one whole frame.
    fn read(&self, frame: BytesMut) -> Result<Received, String>;
}

/// What a CONNECT says.
pub(crate) struct Hello<'a> {
    pub(crate) config: &'a SessionConfig,
    pub(crate) client_id: &'a str,
    /// The consuming session outlives its connection; the publishing one does not.
    pub(crate) persistent: bool,
}

impl Hello<'_> {
    pub(crate) fn keep_alive_s(&self) -> u16 {
        u16::try_from(self.config.keep_alive.as_secs().max(1)).unwrap_or(u16::MAX)
    }

    pub(crate) fn session_expiry_s(&self) -> u32 {
        u32::try_from(self.config.session_expiry.as_secs()).unwrap_or(u32::MAX - 1)
    }
}

/// What a broker sends.
#[derive(Debug)]
pub(crate) enum Received {
    ConnAck(ConnAck),
    Publish { message: Message, pkid: u16 },
    PubAck { pkid: u16, code: u8 },
    SubAck { pkid: u16, codes: Vec<u8> },
    Pong,
    Disconnect { code: u8, reason: Option<String> },
}

/// The answer to a CONNECT.
#[derive(Debug, Default)]
pub(crate) struct ConnAck {
    pub(crate) code: u8,
    pub(crate) session_present: bool,
    pub(crate) reason: Option<String>,
    /// Publishes that the broker lets be in flight.
    pub(crate) receive_max: Option<u16>,
    /// The largest packet that the broker takes.
    pub(crate) packet_bytes_max: Option<u32>,
    /// The keep-alive that the broker wants instead.
    pub(crate) keep_alive: Option<Duration>,
}

/// The wire of a version.
pub(crate) fn of(protocol: Protocol) -> &'static dyn Wire {
    match protocol {
        Protocol::V5 => &v5::V5,
        Protocol::V311 => &v311::V311,
    }
}

/// Writes a PUBACK with success; the same bytes in every version.
pub(crate) fn puback(pkid: u16, out: &mut BytesMut) {
    out.put_slice(&[0x40, 2]);
    out.put_u16(pkid);
}

/// Writes a PINGREQ.
pub(crate) fn ping(out: &mut BytesMut) {
    out.put_slice(&[0xC0, 0]);
}

/// Writes a DISCONNECT after which the broker drops the Last Will.
pub(crate) fn disconnect(out: &mut BytesMut) {
    out.put_slice(&[0xE0, 0]);
}

/// Writes a PUBLISH that was found to be sendable; at QoS 0 the packet identifier is left out. Everything is copied
/// once, from the message to the bytes that leave, and nothing else is allocated.
pub(crate) fn publish(wire: &dyn Wire, message: &Outgoing, pkid: u16, out: &mut BytesMut) {
    const PUBLISH: u8 = 0x30;
    const AT_LEAST_ONCE: u8 = 0x02;
    const RETAIN: u8 = 0x01;
    let qos = match message.qos {
        QoS::AtMostOnce => 0,
        QoS::AtLeastOnce => AT_LEAST_ONCE,
    };
    let retain = if message.retain { RETAIN } else { 0 };
    let remaining = remaining_bytes(wire, message);
    out.reserve(1 + varint_bytes(remaining) + remaining);
    out.put_u8(PUBLISH | qos | retain);
    put_varint(remaining, out);
    put_text(message.topic.as_bytes(), out);
    if message.qos == QoS::AtLeastOnce {
        out.put_u16(pkid);
    }
    wire.properties(message, out);
    out.put_slice(&message.payload);
}

/// Bytes that a PUBLISH takes on the wire.
pub(crate) fn publish_bytes(wire: &dyn Wire, message: &Outgoing) -> usize {
    let remaining = remaining_bytes(wire, message);
    1 + varint_bytes(remaining) + remaining
}

fn remaining_bytes(wire: &dyn Wire, message: &Outgoing) -> usize {
    let pkid = match message.qos {
        QoS::AtMostOnce => 0,
        QoS::AtLeastOnce => 2,
    };
    2 + message.topic.len() + pkid + wire.properties_bytes(message) + message.payload.len()
}

/// Writes a text, or binary data, behind its length.
fn put_text(text: &[u8], out: &mut BytesMut) {
    let length = u16::try_from(text.len()).expect("lengths are checked before a message is sent");
    out.put_u16(length);
    out.put_slice(text);
}

/// Writes a number in MQTT's variable length.
fn put_varint(mut value: usize, out: &mut BytesMut) {
    loop {
        let low = u8::try_from(value & 0x7F).expect("seven bits are a byte");
        value >>= 7;
        let more = if value > 0 { 0x80 } else { 0 };
        out.put_u8(low | more);
        if value == 0 {
            return;
        }
    }
}

/// Splits the next whole packet off, where there is one.
pub(crate) fn next(
    wire: &dyn Wire,
    inbound: &mut BytesMut,
    packet_bytes_max: usize,
) -> Result<Option<Received>, LinkError> {
    let fault = |fault: String| LinkError::Protocol { fault };
    let Some(bytes) = frame_bytes(inbound).map_err(fault)? else {
        return Ok(None);
    };
    if bytes > packet_bytes_max {
        return Err(fault(format!(
            "a packet of {bytes} bytes, though {packet_bytes_max} were announced as the largest"
        )));
    }
    if inbound.len() < bytes {
        return Ok(None);
    }
    let frame = inbound.split_to(bytes);
    wire.read(frame).map(Some).map_err(fault)
}

pub(crate) fn varint_bytes(value: usize) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        _ => 4,
    }
}

/// The length of the first frame, once enough of it is there to tell.
fn frame_bytes(inbound: &[u8]) -> Result<Option<usize>, String> {
    let length = varint(inbound.get(1..).unwrap_or_default())?;
    Ok(length.map(|(length_bytes, remaining)| 1 + length_bytes + remaining))
}

/// A number in MQTT's variable length, with the bytes that it takes, once it is there.
fn varint(bytes: &[u8]) -> Result<Option<(usize, usize)>, String> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((at + 1, value)));
        }
    }
    match bytes.len() {
        0..4 => Ok(None),
        _ => Err("a length of more than four bytes".to_owned()),
    }
}

/// Where the variable header of a whole frame begins.
fn body(frame: &[u8]) -> &[u8] {
    let length_bytes = frame
        .iter()
        .skip(1)
        .take_while(|byte| **byte & 0x80 != 0)
        .count()
        + 1;
    frame.get(1 + length_bytes..).unwrap_or_default()
}

/// The identifier that a body starts with, and the byte after it.
fn pkid_and_code(body: &[u8]) -> Result<(u16, u8), String> {
    match body {
        [high, low] => Ok((u16::from_be_bytes([*high, *low]), 0)),
        [high, low, code, ..] => Ok((u16::from_be_bytes([*high, *low]), *code)),
        _ => Err("an acknowledgement without a packet identifier".to_owned()),
    }
}

#[cfg(test)]
mod tests;
