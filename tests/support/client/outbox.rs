use std::collections::{BTreeMap, HashMap, VecDeque};

use rumqttc::v5::{
    AsyncClient,
    mqttbytes::{
        QoS,
        v5::{PubAck, PubAckReason, SubAck, SubscribeReasonCode},
    },
};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Publication;

type Answer = oneshot::Sender<Result<(), String>>;

/// Everything that the broker has not confirmed, and every subscription: what a new connection starts from.
///
/// The library does not tell which message a PUBACK belongs to, and forgets messages when a session is lost. So
/// every connection gets a library client without a past, and this outbox hands over anew what is unconfirmed.
/// `handed` mirrors the library's channel: its `Outgoing` events come in that order and name the packet ids.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    client: Option<AsyncClient>,
    next: u64,
    messages: BTreeMap<u64, Waiting>,
    subscriptions: Vec<Subscription>,
    handed: VecDeque<Handed>,
    publish_ids: HashMap<u16, u64>,
    subscribe_ids: HashMap<u16, usize>,
}

#[derive(Debug)]
struct Waiting {
    publication: Publication,
    answer: Answer,
    /// A place in the outbox, given back with the answer.
    _place: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct Subscription {
    filter: String,
    qos: QoS,
    answer: Option<Answer>,
}

#[derive(Debug, Clone, Copy)]
enum Handed {
    Publish(u64),
    Subscribe(usize),
}

impl Outbox {
    pub(super) fn add(
        &mut self,
        publication: Publication,
        answer: Answer,
        place: OwnedSemaphorePermit,
    ) {
        let number = self.next;
        self.next += 1;
        let waiting = Waiting {
            publication,
            answer,
            _place: place,
        };
        self.messages.insert(number, waiting);
        self.hand_message(number);
    }

    pub(super) fn subscribe(&mut self, filter: &str, qos: QoS, answer: Answer) {
        self.subscriptions.push(Subscription {
            filter: filter.to_owned(),
            qos,
            answer: Some(answer),
        });
        self.hand_subscription(self.subscriptions.len() - 1);
    }

    pub(super) fn subscriptions(&self) -> usize {
        self.subscriptions.len()
    }

    /// A new connection: everything unconfirmed goes out again, and with a new session every subscription.
    pub(super) fn connected(&mut self, client: AsyncClient, session_present: bool) {
        self.client = Some(client);
        for index in 0..self.subscriptions.len() {
            if !session_present || self.subscriptions[index].answer.is_some() {
                self.hand_subscription(index);
            }
        }
        let numbers: Vec<u64> = self.messages.keys().copied().collect();
        for number in numbers {
            self.hand_message(number);
        }
    }

    pub(super) fn lost(&mut self) {
        self.client = None;
        self.handed.clear();
        self.publish_ids.clear();
        self.subscribe_ids.clear();
    }

    pub(super) fn close(&mut self) {
        if let Some(client) = self.client.take() {
            // A full channel cannot be: its capacity is the outbox's. A closed one is what is wanted.
            drop(client.try_disconnect());
        }
    }

    /// The library has put a publish on the wire.
    pub(super) fn publish_sent(&mut self, id: u16) {
        if let Some(Handed::Publish(number)) = self.handed.pop_front() {
            if id == 0 {
                self.answer(number, Ok(()));
            } else {
                self.publish_ids.insert(id, number);
            }
        }
    }

    /// The library has put a subscribe on the wire.
    pub(super) fn subscribe_sent(&mut self, id: u16) {
        if let Some(Handed::Subscribe(index)) = self.handed.pop_front() {
            self.subscribe_ids.insert(id, index);
        }
    }

    pub(super) fn publish_answered(&mut self, ack: &PubAck) {
        let Some(number) = self.publish_ids.remove(&ack.pkid) else {
            return;
        };
        let safe = matches!(
            ack.reason,
            PubAckReason::Success | PubAckReason::NoMatchingSubscribers
        );
        let answer = safe
            .then_some(())
            .ok_or_else(|| format!("{:?}", ack.reason));
        self.answer(number, answer);
    }

    pub(super) fn subscribe_answered(&mut self, ack: &SubAck) {
        let subscription = self
            .subscribe_ids
            .remove(&ack.pkid)
            .and_then(|index| self.subscriptions.get_mut(index));
        let Some(answer) = subscription.and_then(|subscription| subscription.answer.take()) else {
            return;
        };
        let refused = ack
            .return_codes
            .iter()
            .find(|code| !matches!(code, SubscribeReasonCode::Success(_)));
        let granted = refused.map_or(Ok(()), |code| Err(format!("{code:?}")));
        // Whoever asked may have given up.
        drop(answer.send(granted));
    }

    fn answer(&mut self, number: u64, answer: Result<(), String>) {
        if let Some(waiting) = self.messages.remove(&number) {
            // Whoever published may have given up.
            drop(waiting.answer.send(answer));
        }
    }

    /// Without a connection nothing is handed over: the next one takes it up.
    fn hand_message(&mut self, number: u64) {
        let message = self.messages[&number].publication.clone();
        let handed = self.client.as_ref().is_some_and(|client| {
            let sent = client.try_publish_with_properties(
                message.topic,
                message.qos,
                message.retain,
                message.payload,
                message.properties,
            );
            sent.is_ok()
        });
        if handed {
            self.handed.push_back(Handed::Publish(number));
        }
    }

    fn hand_subscription(&mut self, index: usize) {
        let subscription = &self.subscriptions[index];
        let handed = self.client.as_ref().is_some_and(|client| {
            let sent = client.try_subscribe(subscription.filter.clone(), subscription.qos);
            sent.is_ok()
        });
        if handed {
            self.handed.push_back(Handed::Subscribe(index));
        }
    }
}
