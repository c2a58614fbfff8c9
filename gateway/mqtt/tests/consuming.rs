//! The consuming connection against a broker that misbehaves.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail it")]

mod support;

use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::{Packet, RetainForwardRule};
use support::{Broker, Peer, config, message, within};
use weir_mqtt::{Grant, Session};
use weir_transport::Delivery;

async fn deliver(peer: &mut Peer, session: &mut Session, pkid: u16) -> Delivery {
    peer.publish(&format!("sensors/{pkid}"), pkid).await;
    let delivery = session.deliveries.recv().await.unwrap();
    assert_eq!(delivery.message.topic, format!("sensors/{pkid}"));
    delivery
}

#[tokio::test]
async fn a_persistent_session_with_announced_limits_is_asked_for() {
    within(async {
        let mut broker = Broker::start().await;
        let mut config = config(&broker);
        config.receive_max = 7;
        config.session_expiry = Duration::from_secs(90);
        let _session = Session::start(config).unwrap();
        let mut peer = broker.accept("-in").await;
        let properties = peer.connect.properties.clone().unwrap();
        assert!(!peer.connect.clean_start);
        assert_eq!(peer.connect.client_id, "node-in");
        assert_eq!(properties.receive_maximum, Some(7));
        assert_eq!(properties.session_expiry_interval, Some(90));
        assert_eq!(properties.max_packet_size, Some(1 << 20));
        peer.connack(false, None).await;
        let subscribe = peer.subscribe().await;
        assert_eq!(subscribe.filters[0].path, "sensors/#");
        assert_eq!(
            subscribe.filters[0].retain_forward_rule,
            RetainForwardRule::Never
        );
    })
    .await;
}

#[tokio::test]
async fn acknowledgements_leave_in_the_order_of_arrival_and_only_when_settled() {
    within(async {
        let mut broker = Broker::start().await;
        let mut session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.consumer(false).await;
        let mut tickets = Vec::new();
        for pkid in [30, 10, 20] {
            tickets.push(deliver(&mut peer, &mut session, pkid).await.ticket);
        }
        let first = tickets.remove(0);
        tickets
            .into_iter()
            .rev()
            .for_each(weir_transport::Ticket::settle);
        // Acknowledgements are written before anything later is delivered, so none may precede this one.
        let last = deliver(&mut peer, &mut session, 40).await.ticket;
        first.settle();
        last.settle();
        for pkid in [30, 10, 20, 40] {
            assert_eq!(peer.acknowledged().await, pkid);
        }
    })
    .await;
}

#[tokio::test]
async fn a_ticket_of_an_earlier_connection_acknowledges_nothing() {
    within(async {
        let mut broker = Broker::start().await;
        let mut session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.consumer(false).await;
        let stale = deliver(&mut peer, &mut session, 1).await;
        drop(peer);
        // The session is lost too: identifier 1 now belongs to another message.
        let mut peer = broker.consumer(false).await;
        let other = deliver(&mut peer, &mut session, 1).await;
        let second = deliver(&mut peer, &mut session, 2).await;
        stale.ticket.settle();
        second.ticket.settle();
        let third = deliver(&mut peer, &mut session, 3).await;
        drop(session);
        assert!(peer.rest().await.is_empty(), "nothing was acknowledged");
        drop((other, third));
    })
    .await;
}

#[tokio::test]
async fn a_lost_session_is_noticed_and_subscribed_again() {
    within(async {
        let mut broker = Broker::start().await;
        let mut session = Session::start(config(&broker)).unwrap();
        drop(broker.consumer(false).await);
        let mut peer = broker.accept("-in").await;
        peer.connack(true, None).await;
        // Nothing to subscribe: the broker knows. The next packet is an acknowledgement.
        deliver(&mut peer, &mut session, 1).await.ticket.settle();
        assert_eq!(peer.acknowledged().await, 1);
        drop(peer);
        let mut peer = broker.consumer(false).await;
        deliver(&mut peer, &mut session, 2).await.ticket.settle();
        assert_eq!(session.observer.state().sessions_lost, 1);
        assert_eq!(session.observer.state().delivered_now, 1);
    })
    .await;
}

#[tokio::test]
async fn a_connection_cut_in_mid_packet_is_made_again() {
    within(async {
        let mut broker = Broker::start().await;
        let mut session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.consumer(false).await;
        let mut bytes = bytes::BytesMut::new();
        Packet::Publish(message("sensors/cut", 9))
            .write(&mut bytes, None)
            .unwrap();
        peer.raw(&bytes[..bytes.len() - 3]).await;
        drop(peer);
        let mut peer = broker.accept("-in").await;
        peer.connack(true, None).await;
        let delivery = deliver(&mut peer, &mut session, 9).await;
        assert_eq!(session.observer.state().delivered, 1);
        delivery.ticket.settle();
        assert_eq!(peer.acknowledged().await, 9);
    })
    .await;
}

#[tokio::test]
async fn a_refused_subscription_is_said_in_words_and_asked_again() {
    within(async {
        let mut broker = Broker::start().await;
        let mut session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.accept("-in").await;
        peer.connack(false, None).await;
        let subscribe = peer.subscribe().await;
        peer.suback(&subscribe, 0x87).await;
        let refused = |grant: &Grant| matches!(grant, Grant::Refused { code: 0x87, words } if words.contains("not authorised"));
        let state = session
            .observer
            .wait_for(|state| state.subscriptions.iter().any(|s| refused(&s.grant)))
            .await;
        assert_eq!(state.subscriptions[0].filter, "sensors/#");
        peer.grant().await;
        session
            .observer
            .wait_for(|state| matches!(state.subscriptions[0].grant, Grant::Granted(_)))
            .await;
    })
    .await;
}

#[tokio::test]
async fn the_watchdog_reconnects_for_a_message_that_stays_unsettled() {
    within(async {
        let mut broker = Broker::start().await;
        let mut config = config(&broker);
        config.unsettled_max_age = Duration::from_millis(50);
        let mut session = Session::start(config).unwrap();
        let mut peer = broker.consumer(false).await;
        let stuck = deliver(&mut peer, &mut session, 1).await;
        assert!(peer.rest().await.is_empty());
        let mut peer = broker.accept("-in").await;
        peer.connack(true, None).await;
        let mut again = message("sensors/1", 1);
        again.dup = true;
        peer.send(Packet::Publish(again)).await;
        let delivery = session.deliveries.recv().await.unwrap();
        assert!(delivery.message.duplicate);
        delivery.ticket.settle();
        assert_eq!(peer.acknowledged().await, 1);
        let state = session.observer.state();
        assert_eq!(state.redelivered, 1);
        assert!(state.incoming.last_error.unwrap().contains("not settled"));
        drop(stuck);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_was_given_up_is_delivered_again() {
    within(async {
        let mut broker = Broker::start().await;
        let mut session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.consumer(false).await;
        let first = deliver(&mut peer, &mut session, 1).await;
        drop(deliver(&mut peer, &mut session, 2).await);
        first.ticket.settle();
        assert_eq!(
            peer.acknowledged().await,
            1,
            "what came before is acknowledged"
        );
        assert!(peer.rest().await.is_empty());
        let mut peer = broker.accept("-in").await;
        peer.connack(true, None).await;
        deliver(&mut peer, &mut session, 2).await.ticket.settle();
        assert_eq!(peer.acknowledged().await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_sends_more_than_announced_meets_back_pressure() {
    within(async {
        let mut broker = Broker::start().await;
        let mut config = config(&broker);
        config.receive_max = 2;
        let mut session = Session::start(config).unwrap();
        let mut peer = broker.consumer(false).await;
        for pkid in 1..=50 {
            peer.publish("sensors/many", pkid).await;
        }
        for pkid in 1..=50 {
            let delivery = session.deliveries.recv().await.unwrap();
            assert!(session.observer.state().unsettled <= 2);
            delivery.ticket.settle();
            assert_eq!(peer.acknowledged().await, pkid);
        }
    })
    .await;
}

#[tokio::test]
async fn messages_at_qos_0_are_never_acknowledged_and_never_dropped() {
    within(async {
        let mut broker = Broker::start().await;
        let mut config = config(&broker);
        config.receive_max = 2;
        let mut session = Session::start(config).unwrap();
        let mut peer = broker.consumer(false).await;
        for _ in 0..20 {
            peer.publish("sensors/loose", 0).await;
        }
        peer.publish("sensors/1", 1).await;
        for _ in 0..20 {
            let delivery = session.deliveries.recv().await.unwrap();
            assert_eq!(delivery.message.topic, "sensors/loose");
            delivery.ticket.settle();
        }
        session.deliveries.recv().await.unwrap().ticket.settle();
        assert_eq!(peer.acknowledged().await, 1);
    })
    .await;
}

#[tokio::test]
async fn kept_messages_that_nobody_asked_for_are_acknowledged_and_left_out() {
    within(async {
        let mut broker = Broker::start().await;
        let mut session = Session::start(config(&broker)).unwrap();
        let mut peer = broker.consumer(false).await;
        let mut kept = message("sensors/kept", 5);
        kept.retain = true;
        peer.send(Packet::Publish(kept)).await;
        assert_eq!(peer.acknowledged().await, 5);
        deliver(&mut peer, &mut session, 6).await.ticket.settle();
        assert_eq!(session.observer.state().retained_skipped, 1);
    })
    .await;
}
