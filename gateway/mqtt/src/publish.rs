use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    select,
    sync::{mpsc, watch},
    time::{Instant, Interval, sleep, sleep_until, timeout},
};
use weir_transport::{Outgoing, QoS, Ticket};

use crate::{
    LinkError, Presence, RefusedPublish, SessionConfig,
    link::Link,
    outbox::{Acknowledged, Item, Outbox},
    sendable::{PACKET_BYTES_MAX, Sendable, sendable},
    session::{Phase, Retry, next_phase, ticks},
    state::{Shared, add, store_age},
    tls::Encryption,
    wire::{self, ConnAck, Received, Wire},
    words,
};

/// How long the last words may take once the time for everything else is over.
const FAREWELL: Duration = Duration::from_secs(1);

/// The connection that publishes: a clean session, because the outbox is what survives.
pub(crate) struct Publisher {
    pub(crate) config: Arc<SessionConfig>,
    pub(crate) encryption: Option<Encryption>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) queue: mpsc::Receiver<Outgoing>,
    pub(crate) outbox: Outbox,
    pub(crate) packet_bytes_max: usize,
}

impl Publisher {
    pub(crate) fn new(
        config: Arc<SessionConfig>,
        encryption: Option<Encryption>,
        shared: Arc<Shared>,
        phase: watch::Receiver<Phase>,
        queue: mpsc::Receiver<Outgoing>,
    ) -> Self {
        let outbox = Outbox::new(config.inflight_max);
        Self {
            config,
            encryption,
            shared,
            phase,
            queue,
            outbox,
            packet_bytes_max: PACKET_BYTES_MAX,
        }
    }

    /// Returns how many messages were left.
    pub(crate) async fn run(mut self) -> usize {
        let client_id = format!("{}-out", self.config.client_id);
        let mut retry = Retry::new(
            "publishing",
            &self.config,
            Arc::clone(&self.shared),
            |state| &mut state.outgoing,
        );
        while !self.is_over() {
            let encryption = self.encryption.as_ref();
            let empty = self.is_empty();
            let opened = select! {
                opened = Link::open(&self.config, encryption, &client_id, false) => opened,
                () = over(&mut self.phase, empty) => break,
            };
            let (lived, ended) = match opened {
                Ok((link, answer)) => {
                    retry.connected();
                    let connected = link.connected;
                    let ended = self.converse(link, &answer).await;
                    (connected.elapsed(), ended)
                }
                Err(error) => (Duration::ZERO, Err(error)),
            };
            match ended {
                Ok(()) => break,
                Err(error) => {
                    let pause = retry.failed(lived, &error);
                    let empty = self.is_empty();
                    select! {
                        () = sleep(pause) => {}
                        () = over(&mut self.phase, empty) => {}
                    }
                }
            }
        }
        retry.ended();
        self.outbox.len() + self.queue.len()
    }

    fn is_over(&self) -> bool {
        match *self.phase.borrow() {
            Phase::Ending { until } => self.is_empty() || Instant::now() >= until,
            Phase::Running | Phase::Closing => false,
        }
    }

    /// Everything between one connect and its end. `Ok` means that the session is over.
    async fn converse(&mut self, mut link: Link, answer: &ConnAck) -> Result<(), LinkError> {
        let told = answer
            .packet_bytes_max
            .and_then(|max| usize::try_from(max).ok());
        self.packet_bytes_max = told.unwrap_or(PACKET_BYTES_MAX);
        self.shared
            .change(|state| state.packet_bytes_max = answer.packet_bytes_max);
        self.outbox.connected(answer.receive_max);
        let mut ticks = ticks(&self.config);
        self.attend(&mut link, &mut ticks).await?;
        if let Some(presence) = self.config.presence.clone() {
            self.announce(&mut link, &presence, &presence.offline);
            let said = timeout(FAREWELL, self.finish(&mut link)).await;
            said.unwrap_or(Ok(()))?;
        }
        link.close(FAREWELL).await
    }

    /// Sends what there is until the session is over; says `online` once every subscription is answered.
    async fn attend(&mut self, link: &mut Link, ticks: &mut Interval) -> Result<(), LinkError> {
        let mut unannounced = self.config.presence.clone();
        let shared = Arc::clone(&self.shared);
        let mut listens = pin!(shared.listens());
        loop {
            self.hear(link)?;
            self.fill(link);
            let until = match *self.phase.borrow() {
                Phase::Ending { .. } if self.is_empty() => return Ok(()),
                Phase::Ending { until } => Some(until),
                Phase::Running | Phase::Closing => None,
            };
            let taking = link.has_room() && self.outbox.may_take();
            select! {
                biased;
                turned = link.turn(true) => turned?,
                taken = self.queue.recv(), if taking && !self.queue.is_closed() => if let Some(message) = taken {
                    self.send(link, Item::new(message));
                },
                () = &mut listens, if unannounced.is_some() => if let Some(presence) = unannounced.take() {
                    self.announce(link, &presence, &presence.online);
                },
                _ = ticks.tick() => self.look(link)?,
                phase = next_phase(&mut self.phase) => if let Phase::Ending { .. } = phase {
                    self.queue.close();
                },
                () = sleep_until(until.unwrap_or_else(far)), if until.is_some() => return Ok(()),
            }
        }
    }

    /// Waits until everything is safe.
    async fn finish(&mut self, link: &mut Link) -> Result<(), LinkError> {
        while self.outbox.len() > 0 {
            link.turn(true).await?;
            self.hear(link)?;
        }
        Ok(())
    }

    fn sendable(&self, wire: &dyn Wire, message: Outgoing) -> Option<Outgoing> {
        let counts = &self.shared.counts;
        match sendable(wire, message, self.packet_bytes_max) {
            Sendable::AsItIs(message) => Some(message),
            Sendable::Substituted(message) => {
                add(&counts.substituted, 1);
                message
            }
            Sendable::Never(message, refusal) => {
                add(&counts.unsendable, 1);
                tracing::error!(topic = %message.topic, "a message can never be sent and is dropped: {refusal}");
                message.ticket.into_iter().for_each(Ticket::settle);
                None
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.outbox.len() == 0 && self.queue.is_empty()
    }

    fn announce(&mut self, link: &mut Link, presence: &Presence, status: &bytes::Bytes) {
        let mut message = Outgoing::new(presence.topic.clone(), status.clone());
        message.retain = true;
        self.send(link, Item::passing(message));
    }

    /// Encodes what waits, as far as the broker and the network let it.
    fn fill(&mut self, link: &mut Link) {
        while link.has_room() && self.outbox.may_send() {
            let Some(item) = self.outbox.take_again() else {
                break;
            };
            self.send(link, item);
        }
        while link.has_room() && self.outbox.may_take() {
            let Ok(message) = self.queue.try_recv() else {
                break;
            };
            self.send(link, Item::new(message));
        }
        self.shared
            .counts
            .in_flight
            .store(self.outbox.len(), Relaxed);
    }

    fn send(&mut self, link: &mut Link, mut item: Item) {
        let Some(message) = self.sendable(link.wire, item.message) else {
            return;
        };
        item.message = message;
        let wire = link.wire;
        match item.message.qos {
            QoS::AtLeastOnce => self.outbox.send(item, |message, pkid| {
                wire::publish(wire, message, pkid, link.outbound());
            }),
            QoS::AtMostOnce => {
                wire::publish(wire, &item.message, 0, link.outbound());
                self.outbox.keep_until(link.encoded(), item);
            }
        }
    }

    /// Handles what came.
    fn hear(&mut self, link: &mut Link) -> Result<(), LinkError> {
        while let Some(received) = link.next()? {
            let Received::PubAck { pkid, code } = received else {
                let fault = "a packet that nothing asked for".to_owned();
                return Err(LinkError::Protocol { fault });
            };
            match self.outbox.acknowledged(pkid, code, self.config.backoff) {
                Acknowledged::Safe(ticket) => self.safe(ticket),
                Acknowledged::Refused(topic) => self.refused(topic, code),
                Acknowledged::Unknown => {
                    tracing::debug!(pkid, "an acknowledgement of nothing in flight")
                }
            }
        }
        while let Some(message) = self.outbox.written(link.written()) {
            self.safe(message.ticket);
        }
        self.shared
            .counts
            .in_flight
            .store(self.outbox.len(), Relaxed);
        Ok(())
    }

    fn safe(&self, ticket: Option<Ticket>) {
        add(&self.shared.counts.published, 1);
        ticket.into_iter().for_each(Ticket::settle);
    }

    fn refused(&self, topic: String, code: u8) {
        let words = words::puback(code);
        tracing::warn!(%topic, code, "the broker refused a message: {words}; it is kept and sent again");
        self.shared.change(|state| {
            state.refusals += 1;
            state.refused = Some(RefusedPublish { topic, code, words });
        });
    }

    /// Now and then: the connection, the refused, and the watchdog.
    fn look(&mut self, link: &mut Link) -> Result<(), LinkError> {
        link.look(true)?;
        self.outbox.retry_refused(Instant::now());
        store_age(&self.shared.counts.outbox_age_ms, self.outbox.age());
        match self.outbox.unacknowledged() {
            Some(age) if age > self.config.unsettled_max_age => {
                Err(LinkError::Unacknowledged { age })
            }
            _ => Ok(()),
        }
    }
}

/// Waits until there is no use in another connection.
async fn over(phase: &mut watch::Receiver<Phase>, empty: bool) {
    loop {
        let now = *phase.borrow_and_update();
        match now {
            Phase::Ending { .. } if empty => return,
            Phase::Ending { until } => return sleep_until(until).await,
            Phase::Running | Phase::Closing => {}
        }
        next_phase(phase).await;
    }
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}
