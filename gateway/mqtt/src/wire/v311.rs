use bytes::BytesMut;
use rumqttc::mqttbytes::{
    Protocol as P, QoS as Q,
    v4::{Connect, LastWill, Login, Packet, Publish, Subscribe, SubscribeFilter},
};
use weir_transport::{Message, Outgoing, Properties, QoS};

use super::{ConnAck, Hello, Received, Wire, body, pkid_and_code};
use crate::Subscription;

const CONNACK: u8 = 0x20;
const PUBACK: u8 = 0x40;
const SUBACK: u8 = 0x90;

/// MQTT 3.1.1: no properties, no limits, no reason codes.
pub(crate) struct V311;

impl Wire for V311 {
    fn connect(&self, hello: &Hello<'_>, out: &mut BytesMut) {
        let presence = hello.config.presence.as_ref().filter(|_| !hello.persistent);
        let login = hello.config.credentials.as_ref();
        let connect = Connect {
            protocol: P::V4,
            keep_alive: hello.keep_alive_s(),
            client_id: hello.client_id.to_owned(),
            clean_session: !hello.persistent,
            last_will: presence.map(|presence| LastWill {
                topic: presence.topic.clone(),
                message: presence.offline.clone(),
                qos: Q::AtLeastOnce,
                retain: true,
            }),
            login: login.map(|who| Login {
                username: who.username.clone(),
                password: who.password.clone(),
            }),
        };
        write(&Packet::Connect(connect), out);
    }

    fn subscribe(&self, pkid: u16, subscriptions: &[&Subscription], out: &mut BytesMut) {
        let filters = subscriptions.iter().map(|wanted| SubscribeFilter {
            path: wanted.filter.clone(),
            qos: to_wire(wanted.qos),
        });
        let subscribe = Subscribe {
            pkid,
            filters: filters.collect(),
        };
        write(&Packet::Subscribe(subscribe), out);
    }

    fn properties(&self, _message: &Outgoing, _out: &mut BytesMut) {}

    fn properties_bytes(&self, _message: &Outgoing) -> usize {
        0
    }

    fn read(&self, mut frame: BytesMut) -> Result<Received, String> {
        let kind = frame.first().map_or(0, |byte| byte & 0xF0);
        match (kind, body(&frame)) {
            (PUBACK, body) => {
                let (pkid, _) = pkid_and_code(body)?;
                Ok(Received::PubAck { pkid, code: 0 })
            }
            (CONNACK, [flags, code, ..]) => Ok(Received::ConnAck(ConnAck {
                code: *code,
                session_present: flags & 1 == 1,
                ..ConnAck::default()
            })),
            (SUBACK, [high, low, codes @ ..]) => Ok(Received::SubAck {
                pkid: u16::from_be_bytes([*high, *low]),
                codes: codes.to_vec(),
            }),
            _ => packet(Packet::read(&mut frame, usize::MAX).map_err(|fault| fault.to_string())?),
        }
    }
}

fn packet(packet: Packet) -> Result<Received, String> {
    if let Packet::Publish(publish) = packet {
        let pkid = publish.pkid;
        message(publish).map(|message| Received::Publish { message, pkid })
    } else if packet == Packet::PingResp {
        Ok(Received::Pong)
    } else {
        Err("a packet that nothing asked for".to_owned())
    }
}

fn message(publish: Publish) -> Result<Message, String> {
    let qos = match publish.qos {
        Q::AtMostOnce => QoS::AtMostOnce,
        Q::AtLeastOnce => QoS::AtLeastOnce,
        Q::ExactlyOnce => return Err("a message at QoS 2, which was not subscribed".to_owned()),
    };
    Ok(Message {
        topic: publish.topic.into(),
        payload: publish.payload,
        qos,
        retained: publish.retain,
        duplicate: publish.dup,
        properties: Properties::default(),
    })
}

fn write(packet: &Packet, out: &mut BytesMut) {
    packet
        .write(out, usize::MAX)
        .expect("a packet that was checked before is written to memory");
}

fn to_wire(qos: QoS) -> Q {
    match qos {
        QoS::AtMostOnce => Q::AtMostOnce,
        QoS::AtLeastOnce => Q::AtLeastOnce,
    }
}
