use crate::{Fault, Protocol};

/// What a CONNACK code says.
pub(crate) fn connack(protocol: Protocol, code: u8) -> &'static str {
    match (protocol, code) {
        (Protocol::V311, 1) => "it does not speak MQTT 3.1.1",
        (Protocol::V311, 2) => "it does not accept the client id",
        (Protocol::V311, 3) => "its service is unavailable",
        (Protocol::V311, 4) => "the user name or password is wrong",
        (Protocol::V311, 5) => "this user is not authorised to connect, or the password is wrong",
        (Protocol::V5, 1 | 0x84) => "it does not speak MQTT 5: set the protocol to 3.1.1",
        (Protocol::V5, 0x86) => "the user name or password is wrong",
        (Protocol::V5, 0x87) => "this user is not authorised to connect, or the password is wrong",
        (_, code) => reason(code),
    }
}

/// Whether trying again soon is of no use.
pub(crate) fn connack_is_lasting(protocol: Protocol, code: u8) -> bool {
    match protocol {
        Protocol::V311 => matches!(code, 1 | 2 | 4 | 5),
        Protocol::V5 => matches!(code, 1 | 0x84 | 0x85 | 0x86 | 0x87 | 0x8A | 0x8C),
    }
}

/// What kind of refusal a CONNACK code is.
pub(crate) fn connack_fault(protocol: Protocol, code: u8) -> Fault {
    match (protocol, code) {
        (Protocol::V311, 4 | 5) | (Protocol::V5, 0x86 | 0x87 | 0x8C) => Fault::Credentials,
        (Protocol::V311, 2) | (Protocol::V5, 0x85) => Fault::ClientId,
        (_, 1) | (Protocol::V5, 0x84) => Fault::Protocol,
        _ => Fault::Other,
    }
}

/// What kind of failure a DISCONNECT code of MQTT 5 is.
pub(crate) fn ended(code: u8) -> Fault {
    match code {
        0x87 => Fault::Credentials,
        0x8E => Fault::ClientId,
        _ => Fault::Other,
    }
}

/// What a SUBACK code of MQTT 5 or 3.1.1 says.
pub(crate) fn suback(code: u8) -> &'static str {
    match code {
        0x80 => "the broker refuses it without a reason",
        0x87 => "this user is not authorised to subscribe to it",
        code => reason(code),
    }
}

/// What a PUBACK code says.
pub(crate) fn puback(code: u8) -> &'static str {
    match code {
        0x87 => "this user is not authorised to publish to it",
        code => reason(code),
    }
}

/// What a reason code of MQTT 5 says (2.4).
pub(crate) fn reason(code: u8) -> &'static str {
    match code {
        0x00 => "no reason given",
        0x80 => "unspecified error",
        0x81 => "malformed packet",
        0x82 => "protocol error",
        0x83 => "an error of the broker's own",
        0x84 => "unsupported protocol version",
        0x85 => "it does not accept the client id",
        0x87 => "not authorised",
        0x88 => "it is unavailable",
        0x89 => "it is busy",
        0x8A => "this client is banned",
        0x8B => "it is shutting down",
        0x8C => "it wants another way to authenticate",
        0x8D => "it heard nothing for longer than the keep-alive",
        0x8E => "another client connected with the same client id",
        0x8F => "invalid topic filter",
        0x90 => "invalid topic",
        0x91 => "packet identifier in use",
        0x93 => "more messages in flight than it takes",
        0x94 => "invalid topic alias",
        0x95 => "a packet was larger than it takes",
        0x96 => "too many messages per second",
        0x97 => "a quota is exceeded",
        0x98 => "an administrator closed it",
        0x99 => "the payload is not of the announced format",
        0x9A => "it keeps no retained messages",
        0x9B => "it does not offer this quality of service",
        0x9C | 0x9D => "it asks to use another server",
        0x9E => "it offers no shared subscriptions",
        0x9F => "too many connections per second",
        0xA0 => "the longest time for a connection has passed",
        0xA1 => "it offers no subscription identifiers",
        0xA2 => "it offers no wildcard subscriptions",
        _ => "a reason unknown to MQTT 5",
    }
}
