use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use rumqttc::v5::mqttbytes::{
    QoS as Q,
    v5::{
        Connect, ConnectProperties, Filter, LastWill, Login, Packet, Publish, PublishProperties,
        RetainForwardRule, Subscribe,
    },
};
use weir_transport::{Message, Outgoing, Properties, QoS, Text};

use super::{
    ConnAck, Hello, Received, Wire, body, pkid_and_code, put_text, put_varint, varint, varint_bytes,
};
use crate::Subscription;

const CONNACK: u8 = 0x20;
const PUBACK: u8 = 0x40;
const SUBACK: u8 = 0x90;
const DISCONNECT: u8 = 0xE0;

const PAYLOAD_FORMAT: u8 = 0x01;
const CONTENT_TYPE: u8 = 0x03;
const RESPONSE_TOPIC: u8 = 0x08;
const CORRELATION_DATA: u8 = 0x09;
const USER_PROPERTY: u8 = 0x26;

/// MQTT 5.
pub(crate) struct V5;

impl Wire for V5 {
    fn connect(&self, hello: &Hello<'_>, out: &mut BytesMut) {
        let mut properties = ConnectProperties::new();
        properties.max_packet_size = Some(hello.config.packet_bytes_max);
        if hello.persistent {
            properties.session_expiry_interval = Some(hello.session_expiry_s());
            properties.receive_maximum = Some(hello.config.receive_max);
        }
        let connect = Connect {
            keep_alive: hello.keep_alive_s(),
            client_id: hello.client_id.to_owned(),
            clean_start: !hello.persistent,
            properties: Some(properties),
        };
        let presence = hello.config.presence.as_ref().filter(|_| !hello.persistent);
        let will = presence.map(|presence| LastWill {
            topic: Bytes::copy_from_slice(presence.topic.as_bytes()),
            message: presence.offline.clone(),
            qos: Q::AtLeastOnce,
            retain: true,
            properties: None,
        });
        let login = hello.config.credentials.as_ref();
        let login = login.map(|who| Login {
            username: who.username.clone(),
            password: who.password.clone(),
        });
        write(&Packet::Connect(connect, will, login), out);
    }

    fn subscribe(&self, pkid: u16, subscriptions: &[&Subscription], out: &mut BytesMut) {
        let filters = subscriptions.iter().map(|wanted| Filter {
            path: wanted.filter.clone(),
            qos: to_wire(wanted.qos),
            nolocal: false,
            preserve_retain: false,
            retain_forward_rule: match wanted.retained {
                true => RetainForwardRule::OnNewSubscribe,
                false => RetainForwardRule::Never,
            },
        });
        let subscribe = Subscribe {
            pkid,
            filters: filters.collect(),
            properties: None,
        };
        write(&Packet::Subscribe(subscribe), out);
    }

    fn properties(&self, message: &Outgoing, out: &mut BytesMut) {
        let Properties {
            content_type,
            response_topic,
            correlation_data,
            user,
        } = &message.properties;
        put_varint(length(&message.properties), out);
        if is_text(content_type.as_deref()) {
            out.put_slice(&[PAYLOAD_FORMAT, 1]);
        }
        let texts = [
            (
                CONTENT_TYPE,
                content_type.as_ref().map(|text| text.as_bytes()),
            ),
            (
                RESPONSE_TOPIC,
                response_topic.as_ref().map(String::as_bytes),
            ),
            (CORRELATION_DATA, correlation_data.as_deref()),
        ];
        for (kind, text) in texts {
            if let Some(text) = text {
                out.put_u8(kind);
                put_text(text, out);
            }
        }
        for (name, value) in user {
            out.put_u8(USER_PROPERTY);
            put_text(name.as_bytes(), out);
            put_text(value.as_bytes(), out);
        }
    }

    fn properties_bytes(&self, message: &Outgoing) -> usize {
        let bytes = length(&message.properties);
        varint_bytes(bytes) + bytes
    }

    fn read(&self, frame: BytesMut) -> Result<Received, String> {
        // The codec knows some codes only, and cannot read the two-byte CONNACK of a broker that speaks 3.1.1.
        let kind = frame.first().map_or(0, |byte| byte & 0xF0);
        match (kind, body(&frame)) {
            (PUBACK, body) => {
                let (pkid, code) = pkid_and_code(body)?;
                Ok(Received::PubAck { pkid, code })
            }
            (SUBACK, [high, low, rest @ ..]) => {
                let (length_bytes, properties) =
                    varint(rest)?.ok_or("a SUBACK without properties")?;
                let codes = rest.get(length_bytes + properties..).unwrap_or_default();
                let pkid = u16::from_be_bytes([*high, *low]);
                Ok(Received::SubAck {
                    pkid,
                    codes: codes.to_vec(),
                })
            }
            (CONNACK, [_, code, ..]) if *code != 0 => Ok(Received::ConnAck(ConnAck {
                code: *code,
                reason: reason_of(frame),
                ..ConnAck::default()
            })),
            (DISCONNECT, body) => Ok(Received::Disconnect {
                code: body.first().copied().unwrap_or_default(),
                reason: reason_of(frame),
            }),
            _ => packet(read(frame)?),
        }
    }
}

fn packet(packet: Packet) -> Result<Received, String> {
    match packet {
        Packet::Publish(publish) => {
            let pkid = publish.pkid;
            message(publish).map(|message| Received::Publish { message, pkid })
        }
        Packet::ConnAck(ack) => {
            let limits = ack.properties.as_ref();
            Ok(Received::ConnAck(ConnAck {
                code: 0,
                session_present: ack.session_present,
                reason: None,
                receive_max: limits.and_then(|p| p.receive_max),
                packet_bytes_max: limits.and_then(|p| p.max_packet_size),
                keep_alive: limits.and_then(|p| p.server_keep_alive).map(seconds),
            }))
        }
        Packet::PingResp(_) => Ok(Received::Pong),
        Packet::Auth(_)
        | Packet::Connect(..)
        | Packet::PubAck(_)
        | Packet::PingReq(_)
        | Packet::Subscribe(_)
        | Packet::SubAck(_)
        | Packet::PubRec(_)
        | Packet::PubRel(_)
        | Packet::PubComp(_)
        | Packet::Unsubscribe(_)
        | Packet::UnsubAck(_)
        | Packet::Disconnect(_) => Err("a packet that nothing asked for".to_owned()),
    }
}

fn message(publish: Publish) -> Result<Message, String> {
    let qos = match publish.qos {
        Q::AtMostOnce => QoS::AtMostOnce,
        Q::AtLeastOnce => QoS::AtLeastOnce,
        Q::ExactlyOnce => return Err("a message at QoS 2, which was not subscribed".to_owned()),
    };
    let topic =
        Text::try_from(publish.topic).map_err(|_| "a topic that is not UTF-8".to_owned())?;
    Ok(Message {
        topic,
        payload: publish.payload,
        qos,
        retained: publish.retain,
        duplicate: publish.dup,
        properties: publish
            .properties
            .map(properties_from_wire)
            .unwrap_or_default(),
    })
}

/// Bytes of all properties, without their own length.
fn length(properties: &Properties) -> usize {
    let Properties {
        content_type,
        response_topic,
        correlation_data,
        user,
    } = properties;
    let format = if is_text(content_type.as_deref()) {
        2
    } else {
        0
    };
    let text = |bytes: Option<usize>| bytes.map_or(0, |bytes| 3 + bytes);
    let pair = |(name, value): &(String, String)| 5 + name.len() + value.len();
    format
        + text(content_type.as_ref().map(|text| text.len()))
        + text(response_topic.as_ref().map(String::len))
        + text(correlation_data.as_ref().map(Bytes::len))
        + user.iter().map(pair).sum::<usize>()
}

fn properties_from_wire(properties: PublishProperties) -> Properties {
    Properties {
        content_type: properties.content_type.map(Text::from),
        response_topic: properties.response_topic,
        correlation_data: properties.correlation_data,
        user: properties.user_properties,
    }
}

/// JSON is text by definition, so the payload can be announced as UTF-8.
fn is_text(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json")
    })
}

fn reason_of(frame: BytesMut) -> Option<String> {
    let packet = read(frame).ok()?;
    if let Packet::ConnAck(ack) = packet {
        ack.properties?.reason_string
    } else if let Packet::Disconnect(end) = packet {
        end.properties?.reason_string
    } else {
        None
    }
}

fn read(mut frame: BytesMut) -> Result<Packet, String> {
    Packet::read(&mut frame, None).map_err(|fault| fault.to_string())
}

fn write(packet: &Packet, out: &mut BytesMut) {
    packet
        .write(out, None)
        .expect("a packet that was checked before is written to memory");
}

fn seconds(seconds: u16) -> Duration {
    Duration::from_secs(seconds.into())
}

fn to_wire(qos: QoS) -> Q {
    match qos {
        QoS::AtMostOnce => Q::AtMostOnce,
        QoS::AtLeastOnce => Q::AtLeastOnce,
    }
}
