//! How connections are made, kept and ended.
//! Long because each fault of a connection is a scene of its own.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail it")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::v5::Packet;
use support::{Broker, config, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use weir_mqtt::{
    Backoff, ConfigError, Credentials, DrainReport, Endpoint, Fault, Presence, Protocol, Session,
    SessionConfig, Subscription,
};
use weir_transport::{Outgoing, QoS};

#[tokio::test]
async fn a_wrong_password_is_said_in_words_and_not_hammered() {
    within(async {
        let mut broker = Broker::start().await;
        let mut config = config(&broker);
        config.credentials = Some(Credentials {
            username: "weir".to_owned(),
            password: "wrong".to_owned(),
        });
        config.backoff = Backoff {
            min: Duration::from_millis(1),
            max: Duration::from_secs(3600),
        };
        let mut session = Session::start(config).unwrap();
        let mut peer = broker.accept("-in").await;
        assert_eq!(peer.login.clone().unwrap().password, "wrong");
        peer.raw(&[0x20, 3, 0, 0x86, 0]).await;
        let state = session
            .observer
            .wait_for(|s| s.incoming.last_error.is_some())
            .await;
        assert!(
            state
                .incoming
                .last_error
                .unwrap()
                .contains("password is wrong")
        );
        assert_eq!(state.incoming.last_fault, Some(Fault::Credentials));
        assert_eq!(state.incoming.since, None, "it never stood");
        let mut peer = broker.accept("-out").await;
        peer.raw(&[0x20, 3, 0, 0x86, 0]).await;
        session
            .observer
            .wait_for(|s| s.outgoing.last_error.is_some())
            .await;
        let again = tokio::time::timeout(Duration::from_millis(100), broker.accept_raw()).await;
        assert!(again.is_err(), "an hour must pass before the next attempt");
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_never_answers_is_given_up_and_tried_again() {
    within(async {
        let broker = Broker::start().await;
        let mut config = config(&broker);
        config.connect_timeout = Duration::from_millis(30);
        let mut session = Session::start(config).unwrap();
        let mut silent = Vec::new();
        for _ in 0..4 {
            silent.push(broker.accept_raw().await);
        }
        let state = session.observer.wait_for(|s| s.incoming.failures > 0).await;
        assert!(
            state
                .incoming
                .last_error
                .unwrap()
                .contains("sent no answer to a connection")
        );
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_noticed() {
    within(async {
        let broker = Broker::start().await;
        let mut config = config(&broker);
        config.keep_alive = Duration::from_millis(40);
        config.connect_timeout = Duration::from_millis(40);
        let mut session = Session::start(config).unwrap();
        let mut silent = Vec::new();
        for _ in 0..2 {
            let mut stream = broker.accept_raw().await;
            stream.write_all(&[0x20, 3, 0, 0, 0]).await.unwrap();
            silent.push(stream);
        }
        let state = session.observer.wait_for(|s| s.outgoing.failures > 0).await;
        assert!(
            state
                .outgoing
                .last_error
                .unwrap()
                .contains("no answer to a ping")
        );
        let state = session.observer.wait_for(|s| s.incoming.failures > 0).await;
        assert!(
            state
                .incoming
                .last_error
                .unwrap()
                .contains("sent no answer to")
        );
    })
    .await;
}

#[tokio::test]
async fn an_absent_broker_is_waited_for() {
    within(async {
        let broker = Broker::start().await;
        let config = config(&broker);
        let address = broker.address;
        drop(broker);
        let mut session = Session::start(config).unwrap();
        let state = session.observer.wait_for(|s| s.incoming.failures > 2).await;
        assert!(state.incoming.last_error.unwrap().contains("cannot reach"));
        assert_eq!(state.incoming.last_fault, Some(Fault::Unreachable));
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        listener.accept().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_reason_for_a_disconnect_is_kept() {
    within(async {
        let mut broker = Broker::start().await;
        let mut session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.publisher().await;
        peer.raw(&[0xE0, 2, 0x8E, 0]).await;
        let state = session
            .observer
            .wait_for(|s| s.outgoing.last_error.is_some())
            .await;
        let words = state.outgoing.last_error.unwrap();
        assert!(
            words.contains("same client id") && words.contains("0x8e"),
            "{words}"
        );
    })
    .await;
}

#[tokio::test]
async fn garbage_ends_the_connection_and_not_the_session() {
    within(async {
        let mut broker = Broker::start().await;
        let mut session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.consumer(false).await;
        peer.raw(&[0xFF; 64]).await;
        assert!(peer.rest().await.is_empty());
        let mut peer = broker.accept("-in").await;
        peer.connack(true, None).await;
        peer.publish("sensors/fine", 1).await;
        session.deliveries.recv().await.unwrap().ticket.settle();
        assert_eq!(peer.acknowledged().await, 1);
    })
    .await;
}

fn with_presence(mut config: SessionConfig) -> SessionConfig {
    config.presence = Some(Presence {
        topic: "status".to_owned(),
        online: Bytes::from_static(b"online"),
        offline: Bytes::from_static(b"offline"),
    });
    config
}

#[tokio::test]
async fn a_drain_leaves_nothing_behind() {
    within(async {
        let mut broker = Broker::start().await;
        let session = Session::start(with_presence(config(&broker))).unwrap();
        let (mut deliveries, sink, control) = (session.deliveries, session.sink, session.control);
        let mut consumer = broker.consumer(false).await;
        let mut publisher = broker.publisher().await;
        let online = publisher.published().await;
        publisher.puback(online.pkid, 0).await;
        consumer.publish("sensors/1", 1).await;
        let delivery = deliveries.recv().await.unwrap();
        let drain = tokio::spawn(control.drain(Duration::from_secs(10)));
        assert!(deliveries.recv().await.is_none(), "the intake closes");
        consumer.publish("sensors/2", 2).await;
        let mut result = Outgoing::new("result".to_owned(), Bytes::new());
        result.ticket = Some(delivery.ticket);
        sink.send(result).await.unwrap();
        let result = publisher.published().await;
        publisher.puback(result.pkid, 0).await;
        let rest = consumer.rest().await;
        assert!(matches!(&rest[..], [Packet::PubAck(ack), Packet::Disconnect(_)] if ack.pkid == 1));
        let offline = publisher.published().await;
        assert_eq!(
            (&offline.payload[..], offline.retain),
            (&b"offline"[..], true)
        );
        publisher.puback(offline.pkid, 0).await;
        assert!(matches!(
            &publisher.rest().await[..],
            [Packet::Disconnect(_)]
        ));
        let report = drain.await.unwrap();
        let nothing = DrainReport {
            unsettled: 0,
            unsent: 0,
            clean: true,
        };
        assert_eq!(report, nothing);
        assert!(
            sink.send(Outgoing::new("late".to_owned(), Bytes::new()))
                .await
                .is_err()
        );
    })
    .await;
}

#[tokio::test]
async fn a_drain_says_what_it_could_not_finish() {
    within(async {
        let mut broker = Broker::start().await;
        let session = Session::start(with_presence(config(&broker))).unwrap();
        let mut deliveries = session.deliveries;
        let mut consumer = broker.consumer(false).await;
        let mut publisher = broker.publisher().await;
        publisher.published().await;
        consumer.publish("sensors/1", 1).await;
        let stuck = deliveries.recv().await.unwrap();
        let result = Outgoing::new("result".to_owned(), Bytes::new());
        session.sink.send(result).await.unwrap();
        publisher.published().await;
        let report = session.control.drain(Duration::from_millis(50)).await;
        assert_eq!((report.unsettled, report.clean), (1, false));
        let rest = consumer.rest().await;
        assert!(
            matches!(&rest[..], [Packet::Disconnect(_)]),
            "not acknowledged: {rest:?}"
        );
        drop(stuck);
    })
    .await;
}

#[tokio::test]
async fn a_drain_without_a_broker_ends_at_once() {
    within(async {
        let broker = Broker::start().await;
        let config = with_presence(config(&broker));
        drop(broker);
        let mut session = Session::start(config).unwrap();
        session.observer.wait_for(|s| s.outgoing.failures > 0).await;
        let report = session.control.drain(Duration::from_secs(3600)).await;
        assert_eq!((report.unsettled, report.unsent), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn the_older_protocol_carries_messages_both_ways() {
    within(async {
        let broker = Broker::start().await;
        let mut config = config(&broker);
        config.protocol = Protocol::V311;
        let mut session = Session::start(config).unwrap();
        for _ in 0..2 {
            let mut stream = broker.accept_raw().await;
            let mut hello = [0; 64];
            let bytes = stream.read(&mut hello).await.unwrap();
            let hello = &hello[..bytes];
            assert_eq!(&hello[2..9], b"\0\x04MQTT\x04");
            stream.write_all(&[0x20, 2, 0, 0]).await.unwrap();
            if hello.ends_with(b"-in") {
                assert_eq!(hello[9], 0, "a session that stays");
                consume(&mut session, &mut stream).await;
            } else {
                assert_eq!(hello[9], 2, "a clean session");
                publish(&session, &mut stream).await;
            }
        }
    })
    .await;
}

async fn consume(session: &mut Session, stream: &mut tokio::net::TcpStream) {
    let mut subscribe = [0; 16];
    stream.read_exact(&mut subscribe).await.unwrap();
    assert_eq!(&subscribe, b"\x82\x0e\0\x01\0\x09sensors/#\x01");
    stream
        .write_all(b"\x90\x03\0\x01\x01\x32\x08\0\x03s/1\0\x07x")
        .await
        .unwrap();
    let delivery = session.deliveries.recv().await.unwrap();
    assert_eq!(
        (delivery.message.topic.as_str(), delivery.message.qos),
        ("s/1", QoS::AtLeastOnce)
    );
    delivery.ticket.settle();
    let mut ack = [0; 4];
    stream.read_exact(&mut ack).await.unwrap();
    assert_eq!(&ack, b"\x40\x02\0\x07");
}

async fn publish(session: &Session, stream: &mut tokio::net::TcpStream) {
    let outgoing = Outgoing::new("r".to_owned(), Bytes::from_static(b"x"));
    session.sink.send(outgoing).await.unwrap();
    let mut publish = [0; 8];
    stream.read_exact(&mut publish).await.unwrap();
    assert_eq!(&publish, b"\x32\x06\0\x01r\0\x01x");
    stream.write_all(b"\x40\x02\0\x01").await.unwrap();
}

#[tokio::test]
async fn a_configuration_that_can_never_work_is_refused() {
    let config = SessionConfig::new(Endpoint::tcp("localhost", 1883), "plant/1");
    assert!(matches!(
        Session::start(config),
        Err(ConfigError::ClientId { .. })
    ));
    let mut config = SessionConfig::new(Endpoint::tcp("localhost", 1883), "node");
    config.subscriptions = vec![Subscription {
        filter: "a/#/b".to_owned(),
        qos: QoS::AtMostOnce,
        retained: false,
    }];
    assert!(matches!(
        Session::start(config.clone()),
        Err(ConfigError::Filter { .. })
    ));
    config.subscriptions.clear();
    config.receive_max = 0;
    assert!(matches!(
        Session::start(config),
        Err(ConfigError::Zero {
            limit: "receive_max"
        })
    ));
}
