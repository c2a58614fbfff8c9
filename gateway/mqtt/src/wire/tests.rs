use bytes::Bytes;
use weir_transport::{Properties, QoS, Text};

use super::*;

fn outgoing(qos: QoS, properties: Properties) -> Outgoing {
    Outgoing {
        qos,
        properties,
        ..Outgoing::new("weir/results/a/b".to_owned(), Bytes::from_static(b"{}"))
    }
}

fn rich() -> Properties {
    Properties {
        content_type: Some(Text::from_static("application/json")),
        response_topic: Some("reply/here".to_owned()),
        correlation_data: Some(Bytes::from_static(&[1, 2, 3])),
        user: vec![("traceparent".to_owned(), "00-x".to_owned())],
    }
}

#[test]
fn what_is_published_is_what_is_received() {
    let long = Properties {
        user: vec![("k".repeat(300), "v".repeat(20_000))],
        ..Properties::default()
    };
    for properties in [Properties::default(), rich(), long] {
        for (qos, retain) in [(QoS::AtLeastOnce, false), (QoS::AtMostOnce, true)] {
            for protocol in [Protocol::V5, Protocol::V311] {
                let sent = Outgoing {
                    retain,
                    ..outgoing(qos, properties.clone())
                };
                check_round(protocol, &sent);
            }
        }
    }
}

/// What our own encoder writes is read by the codec of rumqttc.
fn check_round(protocol: Protocol, sent: &Outgoing) {
    let wire = of(protocol);
    let mut bytes = BytesMut::new();
    publish(wire, sent, 7, &mut bytes);
    assert_eq!(bytes.len(), publish_bytes(wire, sent));
    let read = next(wire, &mut bytes, 100_000).unwrap();
    let Some(Received::Publish { message, pkid }) = read else {
        panic!("not a publish")
    };
    assert_eq!(pkid, if sent.qos == QoS::AtLeastOnce { 7 } else { 0 });
    assert_eq!(message.topic, sent.topic);
    assert_eq!(message.payload, sent.payload);
    assert_eq!((message.qos, message.retained), (sent.qos, sent.retain));
    let expected = match protocol {
        Protocol::V5 => sent.properties.clone(),
        Protocol::V311 => Properties::default(),
    };
    assert_eq!(message.properties, expected);
    assert!(bytes.is_empty());
}

#[test]
fn a_packet_is_read_once_it_is_whole() {
    let wire = of(Protocol::V5);
    let mut whole = BytesMut::new();
    publish(wire, &outgoing(QoS::AtMostOnce, rich()), 0, &mut whole);
    let mut part = BytesMut::new();
    for byte in &whole[..whole.len() - 1] {
        part.put_u8(*byte);
        assert!(next(wire, &mut part, 1000).unwrap().is_none());
    }
    part.put_u8(whole[whole.len() - 1]);
    assert!(next(wire, &mut part, 1000).unwrap().is_some());
    assert!(part.is_empty());
}

#[test]
fn a_packet_that_lies_about_its_inside_is_a_fault() {
    // A PUBLISH at QoS 1 whose frame ends before the length of its properties: the codec calls that "more bytes".
    let mut bytes = BytesMut::from(&[0x32, 5, 0, 1, b'a', 0, 9][..]);
    assert!(next(of(Protocol::V5), &mut bytes, 1000).is_err());
    let mut endless = BytesMut::from(&[0x32, 0xFF, 0xFF, 0xFF, 0xFF][..]);
    assert!(next(of(Protocol::V5), &mut endless, 1000).is_err());
}

#[test]
fn a_packet_above_the_announced_size_is_a_fault_before_it_is_read() {
    let mut bytes = BytesMut::from(&[0x30, 0xFF, 0xFF, 0x7F][..]);
    let fault = next(of(Protocol::V5), &mut bytes, 1000).unwrap_err();
    assert!(fault.to_string().contains("1000"), "{fault}");
}

#[test]
fn codes_that_the_codec_does_not_know_are_read() {
    let cases: [&[u8]; 3] = [
        &[0x40, 3, 0, 9, 0x95],
        &[0xE0, 2, 0x95, 0],
        &[0x90, 4, 0, 1, 0, 0x97],
    ];
    let read: Vec<_> = cases
        .iter()
        .map(|bytes| {
            next(of(Protocol::V5), &mut BytesMut::from(*bytes), 1000)
                .unwrap()
                .unwrap()
        })
        .collect();
    assert!(matches!(
        read[0],
        Received::PubAck {
            pkid: 9,
            code: 0x95
        }
    ));
    assert!(matches!(read[1], Received::Disconnect { code: 0x95, .. }));
    assert!(matches!(&read[2], Received::SubAck { pkid: 1, codes } if codes == &[0x97]));
}

#[test]
fn a_broker_of_the_older_version_is_recognised() {
    let mut connack = BytesMut::from(&[0x20, 2, 0, 1][..]);
    let read = next(of(Protocol::V5), &mut connack, 1000).unwrap();
    assert!(matches!(
        read,
        Some(Received::ConnAck(ConnAck { code: 1, .. }))
    ));
}
