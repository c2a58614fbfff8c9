use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;
use weir_transport::{Outgoing, Ticket};

use crate::{Backoff, backoff::doubled};

/// The messages that were taken to be sent and are not safe yet. It outlives every connection; what a connection
/// leaves unacknowledged is sent again on the next, in the same order. No input or output happens here.
pub(crate) struct Outbox {
    /// Sent at QoS 1, in order; packet identifiers follow each other, so that one is found by counting.
    in_flight: VecDeque<InFlight>,
    /// Sent at QoS 0, with the count of bytes at which the network has taken them.
    unwritten: VecDeque<(u64, Item)>,
    /// To be sent before anything new.
    again: VecDeque<Item>,
    /// Refused by the broker, with the moment at which they are tried again.
    refused: VecDeque<(Instant, Item)>,
    next_pkid: u16,
    held_max: usize,
    in_flight_max: usize,
    live: usize,
}

/// A message and its story.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) message: Outgoing,
    refusals: u32,
    since: Instant,
    /// Belongs to one connection and is not sent again on the next.
    passing: bool,
}

impl Item {
    pub(crate) fn new(message: Outgoing) -> Self {
        Self {
            message,
            refusals: 0,
            since: Instant::now(),
            passing: false,
        }
    }

    /// A message about the connection itself.
    pub(crate) fn passing(message: Outgoing) -> Self {
        Self {
            passing: true,
            ..Self::new(message)
        }
    }
}

struct InFlight {
    pkid: u16,
    item: Option<Item>,
}

/// What an acknowledgement belongs to.
#[derive(Debug)]
pub(crate) enum Acknowledged {
    /// A message that is safe now.
    Safe(Option<Ticket>),
    /// A message that the broker refused; it is kept. Its topic.
    Refused(String),
    /// Nothing that is in flight.
    Unknown,
}

impl Outbox {
    /// Holds at most so many messages.
    pub(crate) fn new(held_max: u16) -> Self {
        let held_max = usize::from(held_max);
        Self {
            in_flight: VecDeque::new(),
            unwritten: VecDeque::new(),
            again: VecDeque::new(),
            refused: VecDeque::new(),
            next_pkid: 1,
            held_max,
            in_flight_max: held_max,
            live: 0,
        }
    }

    /// A new connection: everything that the last one left is to be sent again.
    pub(crate) fn connected(&mut self, receive_max: Option<u16>) {
        let left = self.in_flight.drain(..).filter_map(|sent| sent.item);
        let unwritten = self.unwritten.drain(..).map(|(_, item)| item);
        let refused = self.refused.drain(..).map(|(_, item)| item);
        let mut all: Vec<Item> = left
            .chain(unwritten)
            .chain(self.again.drain(..))
            .chain(refused)
            .collect();
        all.retain(|item| !item.passing);
        self.live = all.len();
        self.again = all.into();
        self.next_pkid = 1;
        self.in_flight_max =
            receive_max.map_or(self.held_max, |max| usize::from(max).min(self.held_max));
    }

    /// Whether one more message may be sent now.
    pub(crate) fn may_send(&self) -> bool {
        self.in_flight.len() < self.in_flight_max
    }

    /// Whether one more message may be taken in.
    pub(crate) fn may_take(&self) -> bool {
        self.again.is_empty() && self.may_send() && self.live < self.held_max
    }

    /// The next message that must be sent again.
    pub(crate) fn take_again(&mut self) -> Option<Item> {
        let item = self.again.pop_front()?;
        self.live -= 1;
        Some(item)
    }

    /// Puts a message in flight at QoS 1. `send` gets the packet identifier.
    pub(crate) fn send(&mut self, item: Item, send: impl FnOnce(&Outgoing, u16)) {
        let pkid = self.next_pkid;
        self.next_pkid = pkid.checked_add(1).unwrap_or(1);
        send(&item.message, pkid);
        let item = Some(item);
        self.in_flight.push_back(InFlight { pkid, item });
        self.live += 1;
    }

    /// Keeps a message at QoS 0 until the network has taken so many bytes.
    pub(crate) fn keep_until(&mut self, written: u64, item: Item) {
        self.unwritten.push_back((written, item));
        self.live += 1;
    }

    /// The messages at QoS 0 that the network has taken.
    pub(crate) fn written(&mut self, bytes: u64) -> Option<Outgoing> {
        self.unwritten.front().filter(|(end, _)| *end <= bytes)?;
        let (_, item) = self.unwritten.pop_front()?;
        self.live -= 1;
        Some(item.message)
    }

    /// The broker acknowledged a packet, with a code.
    pub(crate) fn acknowledged(&mut self, pkid: u16, code: u8, backoff: Backoff) -> Acknowledged {
        let Some(mut item) = self.find(pkid).and_then(|sent| sent.item.take()) else {
            return Acknowledged::Unknown;
        };
        while self
            .in_flight
            .front()
            .is_some_and(|sent| sent.item.is_none())
        {
            self.in_flight.pop_front();
        }
        if code < 0x80 {
            self.live -= 1;
            return Acknowledged::Safe(item.message.ticket);
        }
        item.refusals = item.refusals.saturating_add(1);
        let topic = item.message.topic.as_str().to_owned();
        let due = Instant::now() + doubled(backoff, item.refusals);
        self.refused.push_back((due, item));
        Acknowledged::Refused(topic)
    }

    /// Makes ready what was refused and whose time has come.
    pub(crate) fn retry_refused(&mut self, now: Instant) {
        let (due, later): (Vec<_>, Vec<_>) =
            self.refused.drain(..).partition(|(due, _)| *due <= now);
        self.refused = later.into();
        self.again.extend(due.into_iter().map(|(_, item)| item));
    }

    /// Messages that are not safe.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// Age of the first message that the broker has not acknowledged.
    pub(crate) fn unacknowledged(&self) -> Option<Duration> {
        let first = self.in_flight.front()?.item.as_ref()?;
        Some(first.since.elapsed())
    }

    /// Age of the oldest message that is not safe.
    pub(crate) fn age(&self) -> Option<Duration> {
        let in_flight = self.in_flight.iter().filter_map(|sent| sent.item.as_ref());
        let refused = self.refused.iter().map(|(_, item)| item);
        let all = in_flight.take(1).chain(refused).chain(self.again.front());
        all.map(|item| item.since.elapsed()).max()
    }

    fn find(&mut self, pkid: u16) -> Option<&mut InFlight> {
        let first = self.in_flight.front()?.pkid;
        // Identifiers run from 1 to 65535 and start over.
        let at = match pkid >= first {
            true => pkid - first,
            false => (u16::MAX - first).checked_add(pkid)?,
        };
        self.in_flight
            .get_mut(usize::from(at))
            .filter(|sent| sent.pkid == pkid)
    }
}

#[cfg(test)]
mod tests;
