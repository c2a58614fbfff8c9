//! The publishing connection against a broker that misbehaves.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail it")]

mod support;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use support::{Broker, config, limits, within};
use weir_mqtt::{Presence, Session, SessionConfig};
use weir_transport::{Acknowledge, Outgoing, Refusal, Substitute, Ticket};

/// Says when a ticket was settled, and how.
#[derive(Debug)]
struct Settled(tokio::sync::mpsc::Sender<(u64, bool)>);

impl Acknowledge for Settled {
    fn settled(&self, sequence: u64) {
        self.0.try_send((sequence, true)).unwrap();
    }

    fn abandoned(&self, sequence: u64) {
        self.0.try_send((sequence, false)).unwrap();
    }
}

struct Tickets {
    settled: Arc<Settled>,
    reports: tokio::sync::mpsc::Receiver<(u64, bool)>,
}

impl Tickets {
    fn new() -> Self {
        let (sender, reports) = tokio::sync::mpsc::channel(1000);
        let settled = Arc::new(Settled(sender));
        Self { settled, reports }
    }

    fn outgoing(&self, number: u64) -> Outgoing {
        let mut outgoing =
            Outgoing::new(format!("weir/results/{number}"), Bytes::from_static(b"{}"));
        outgoing.ticket = Some(Ticket::new(self.settled.clone(), number));
        outgoing
    }
}

fn with_presence(mut config: SessionConfig) -> SessionConfig {
    config.presence = Some(Presence {
        topic: "weir/nodes/node/status".to_owned(),
        online: Bytes::from_static(b"online"),
        offline: Bytes::from_static(b"offline"),
    });
    config
}

#[tokio::test]
async fn a_result_is_safe_once_the_broker_says_so() {
    within(async {
        let mut broker = Broker::start().await;
        let session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.publisher().await;
        assert!(peer.connect.clean_start);
        let mut tickets = Tickets::new();
        session.sink.send(tickets.outgoing(1)).await.unwrap();
        session.sink.send(tickets.outgoing(2)).await.unwrap();
        let first = peer.published().await;
        let second = peer.published().await;
        assert!(
            tickets.reports.try_recv().is_err(),
            "an acknowledgement that is delayed"
        );
        peer.puback(second.pkid, 0).await;
        assert_eq!(tickets.reports.recv().await, Some((2, true)));
        peer.puback(first.pkid, 0x10).await;
        assert_eq!(
            tickets.reports.recv().await,
            Some((1, true)),
            "nobody subscribed is a success"
        );
    })
    .await;
}

#[tokio::test]
async fn nothing_is_lost_when_connections_are_cut() {
    within(async {
        let mut broker = Broker::start().await;
        let session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.publisher().await;
        let mut tickets = Tickets::new();
        for number in 1..=5 {
            session.sink.send(tickets.outgoing(number)).await.unwrap();
        }
        let mut pkids = Vec::new();
        for _ in 1..=5 {
            pkids.push(peer.published().await.pkid);
        }
        peer.puback(pkids[1], 0).await;
        assert_eq!(tickets.reports.recv().await, Some((2, true)));
        drop(peer);
        let mut peer = broker.publisher().await;
        for number in [1, 3, 4, 5] {
            let publish = peer.published().await;
            assert_eq!(publish.topic, format!("weir/results/{number}"), "in order");
            peer.puback(publish.pkid, 0).await;
            assert_eq!(tickets.reports.recv().await, Some((number, true)));
        }
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_takes_one_at_a_time_gets_one_at_a_time() {
    within(async {
        let mut broker = Broker::start().await;
        let session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.accept("-out").await;
        let mut limits = limits();
        limits.receive_max = Some(1);
        peer.connack(false, Some(limits)).await;
        let tickets = Tickets::new();
        for number in 1..=20 {
            session.sink.send(tickets.outgoing(number)).await.unwrap();
        }
        for number in 1..=20 {
            let publish = peer.published().await;
            assert_eq!(publish.topic, format!("weir/results/{number}"));
            let early = tokio::time::timeout(Duration::from_millis(2), peer.next()).await;
            assert!(early.is_err(), "{early:?} came before the acknowledgement");
            peer.puback(publish.pkid, 0).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_refused_result_is_kept_sent_again_and_shown() {
    within(async {
        let mut broker = Broker::start().await;
        let mut session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.publisher().await;
        let mut tickets = Tickets::new();
        session.sink.send(tickets.outgoing(1)).await.unwrap();
        for _ in 0..3 {
            let publish = peer.published().await;
            peer.puback(publish.pkid, 0x87).await;
        }
        let state = session.observer.wait_for(|state| state.refusals == 3).await;
        let refused = state.refused.unwrap();
        assert_eq!(
            (refused.topic.as_str(), refused.code),
            ("weir/results/1", 0x87)
        );
        assert!(refused.words.contains("not authorised"));
        assert!(tickets.reports.try_recv().is_err());
        assert_eq!(state.outbox, 1);
        let publish = peer.published().await;
        peer.puback(publish.pkid, 0).await;
        assert_eq!(tickets.reports.recv().await, Some((1, true)));
    })
    .await;
}

/// Puts a short message in the place of a refused one.
#[derive(Debug)]
struct Reject;

impl Substitute for Reject {
    fn substitute(&self, refused: Outgoing, why: &Refusal) -> Option<Outgoing> {
        let mut reject = Outgoing::new("weir/rejects/p/d".to_owned(), why.to_string().into());
        reject.ticket = refused.ticket;
        Some(reject)
    }
}

#[tokio::test]
async fn a_result_that_no_broker_would_take_is_substituted_before_it_is_sent() {
    within(async {
        let mut broker = Broker::start().await;
        let session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.accept("-out").await;
        let mut limits = limits();
        limits.max_packet_size = Some(200);
        peer.connack(false, Some(limits)).await;
        let mut tickets = Tickets::new();
        let mut large = tickets.outgoing(1);
        large.payload = vec![0; 300].into();
        let mut wild = tickets.outgoing(2);
        wild.topic = "reply/+/here".into();
        for mut outgoing in [large, wild] {
            outgoing.substitute = Some(Arc::new(Reject));
            session.sink.send(outgoing).await.unwrap();
        }
        for (number, words) in [(1, "the broker accepts 200"), (2, "wildcard")] {
            let publish = peer.published().await;
            assert_eq!(publish.topic, "weir/rejects/p/d");
            let payload = String::from_utf8(publish.payload.to_vec()).unwrap();
            assert!(payload.contains(words), "{payload}");
            peer.puback(publish.pkid, 0).await;
            assert_eq!(tickets.reports.recv().await, Some((number, true)));
        }
        let mut unclaimed = tickets.outgoing(3);
        unclaimed.payload = vec![0; 300].into();
        session.sink.send(unclaimed).await.unwrap();
        assert_eq!(
            tickets.reports.recv().await,
            Some((3, true)),
            "it must not come back"
        );
        let state = session.observer.state();
        assert_eq!((state.substituted, state.unsendable), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_publish_that_is_never_acknowledged_is_sent_on_a_new_connection() {
    within(async {
        let mut broker = Broker::start().await;
        let mut config = config(&broker);
        config.unsettled_max_age = Duration::from_millis(50);
        let session = Session::start(config).unwrap();
        let mut peer = broker.publisher().await;
        let tickets = Tickets::new();
        session.sink.send(tickets.outgoing(1)).await.unwrap();
        assert_eq!(peer.rest().await.len(), 1);
        let mut peer = broker.publisher().await;
        assert_eq!(peer.published().await.topic, "weir/results/1");
    })
    .await;
}

#[tokio::test]
async fn the_node_is_announced_at_each_connect_and_has_a_last_will() {
    within(async {
        let mut broker = Broker::start().await;
        let _session = Session::start(with_presence(config(&broker))).unwrap();
        let _consumer = broker.consumer(false).await;
        for _ in 0..2 {
            let mut peer = broker.publisher().await;
            let will = peer.will.clone().unwrap();
            assert_eq!(
                (&will.topic[..], &will.message[..]),
                (&b"weir/nodes/node/status"[..], &b"offline"[..])
            );
            assert!(will.retain);
            let online = peer.published().await;
            assert_eq!((online.retain, &online.payload[..]), (true, &b"online"[..]));
        }
    })
    .await;
}

#[tokio::test]
async fn the_node_is_not_announced_before_its_subscriptions_are_answered() {
    within(async {
        let mut broker = Broker::start().await;
        let session = Session::start(with_presence(config(&broker))).unwrap();
        let mut peer = broker.publisher().await;
        let result = Outgoing::new("weir/results/1".to_owned(), Bytes::new());
        session.sink.send(result).await.unwrap();
        assert_eq!(peer.published().await.topic, "weir/results/1");
        let _consumer = broker.consumer(false).await;
        assert_eq!(&peer.published().await.payload[..], b"online");
    })
    .await;
}

#[tokio::test]
async fn a_node_whose_control_is_dropped_says_no_goodbye() {
    within(async {
        let mut broker = Broker::start().await;
        let session = Session::start(with_presence(config(&broker))).unwrap();
        let _consumer = broker.consumer(false).await;
        let mut peer = broker.publisher().await;
        peer.published().await;
        drop(session);
        assert!(peer.rest().await.is_empty(), "the Last Will must be sent");
    })
    .await;
}
