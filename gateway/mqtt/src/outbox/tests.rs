use bytes::Bytes;

use super::*;

const BACKOFF: Backoff = Backoff {
    min: Duration::from_millis(10),
    max: Duration::from_secs(1),
};

fn item(topic: &str) -> Item {
    Item::new(Outgoing::new(topic.to_owned(), Bytes::new()))
}

/// Sends a message and says its packet identifier.
fn send(outbox: &mut Outbox, item: Item) -> u16 {
    let mut sent = 0;
    outbox.send(item, |_, pkid| sent = pkid);
    sent
}

fn topics_again(outbox: &mut Outbox) -> Vec<String> {
    std::iter::from_fn(|| outbox.take_again())
        .map(|item| item.message.topic.into())
        .collect()
}

#[test]
fn what_was_not_acknowledged_is_sent_again_in_order() {
    let mut outbox = Outbox::new(10);
    outbox.connected(None);
    let pkids: Vec<u16> = ["a", "b", "c"]
        .map(|topic| send(&mut outbox, item(topic)))
        .into();
    assert_eq!(pkids, [1, 2, 3]);
    assert!(matches!(
        outbox.acknowledged(2, 0, BACKOFF),
        Acknowledged::Safe(_)
    ));
    assert_eq!(outbox.len(), 2);
    outbox.connected(None);
    assert_eq!(topics_again(&mut outbox), ["a", "c"]);
}

#[test]
fn an_acknowledgement_counts_once() {
    let mut outbox = Outbox::new(10);
    outbox.connected(None);
    let pkid = send(&mut outbox, item("a"));
    assert!(matches!(
        outbox.acknowledged(pkid, 0, BACKOFF),
        Acknowledged::Safe(_)
    ));
    assert!(matches!(
        outbox.acknowledged(pkid, 0, BACKOFF),
        Acknowledged::Unknown
    ));
    assert!(matches!(
        outbox.acknowledged(9, 0, BACKOFF),
        Acknowledged::Unknown
    ));
    assert!(matches!(
        outbox.acknowledged(0, 0, BACKOFF),
        Acknowledged::Unknown
    ));
    assert_eq!(outbox.len(), 0);
}

#[test]
fn no_identifier_is_used_twice_while_it_is_in_flight() {
    let mut outbox = Outbox::new(100);
    outbox.connected(None);
    let mut in_flight = VecDeque::new();
    for round in 0..200_000_u32 {
        while !outbox.may_send() {
            // The broker answers out of order.
            let at = usize::try_from(round).unwrap() % in_flight.len();
            let pkid = in_flight.remove(at).unwrap();
            assert!(matches!(
                outbox.acknowledged(pkid, 0, BACKOFF),
                Acknowledged::Safe(_)
            ));
        }
        let pkid = send(&mut outbox, item("a"));
        assert!(pkid != 0 && !in_flight.contains(&pkid), "round {round}");
        in_flight.push_back(pkid);
    }
}

#[test]
fn the_broker_s_own_limit_applies() {
    let mut outbox = Outbox::new(10);
    outbox.connected(Some(1));
    let pkid = send(&mut outbox, item("a"));
    assert!(!outbox.may_send());
    outbox.acknowledged(pkid, 0, BACKOFF);
    assert!(outbox.may_take());
}

#[test]
fn a_refused_message_is_kept_and_tried_later() {
    let mut outbox = Outbox::new(10);
    outbox.connected(None);
    let pkid = send(&mut outbox, item("forbidden"));
    let refused = outbox.acknowledged(pkid, 0x87, BACKOFF);
    assert!(matches!(refused, Acknowledged::Refused(topic) if topic == "forbidden"));
    assert_eq!(outbox.len(), 1);
    outbox.retry_refused(Instant::now());
    assert!(outbox.take_again().is_none(), "not at once");
    outbox.retry_refused(Instant::now() + BACKOFF.min);
    assert_eq!(topics_again(&mut outbox), ["forbidden"]);
}

#[test]
fn it_holds_no_more_than_it_may() {
    let mut outbox = Outbox::new(2);
    outbox.connected(None);
    for topic in ["a", "b"] {
        let pkid = send(&mut outbox, item(topic));
        outbox.acknowledged(pkid, 0x97, BACKOFF);
    }
    assert!(outbox.may_send() && !outbox.may_take());
}

#[test]
fn what_is_about_a_connection_ends_with_it() {
    let mut outbox = Outbox::new(10);
    outbox.connected(None);
    send(
        &mut outbox,
        Item::passing(Outgoing::new("status".to_owned(), Bytes::new())),
    );
    outbox.keep_until(5, item("loose"));
    assert!(outbox.written(4).is_none());
    outbox.connected(None);
    assert_eq!(topics_again(&mut outbox), ["loose"]);
}
