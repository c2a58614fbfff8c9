use std::{sync::Arc, sync::atomic::Ordering::Relaxed, time::Duration};

use tokio::{
    select,
    sync::{mpsc, watch},
    time::{Instant, Interval, sleep},
};
use weir_transport::{Acknowledge, Delivery, Message, QoS, Ticket};

use crate::{
    LinkError, SessionConfig,
    link::Link,
    session::{Phase, Retry, next_phase, ticks},
    state::{Shared, add, store_age},
    subscriptions::Subscriptions,
    tls::Encryption,
    window::{Front, Loose, Window},
    wire::{self, Received},
};

/// The connection that consumes: a persistent session, acknowledged by hand in the order of arrival.
pub(crate) struct Consumer {
    pub(crate) config: Arc<SessionConfig>,
    pub(crate) encryption: Option<Encryption>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) phase: watch::Receiver<Phase>,
    /// Gone once nothing more is handed over.
    pub(crate) deliveries: Option<mpsc::Sender<Delivery>>,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) loose: Arc<dyn Acknowledge>,
}

/// What belongs to one connection and ends with it.
struct Connection {
    link: Link,
    window: Arc<Window>,
    /// Taken from the broker while the pipelines had no room.
    parked: Option<Delivery>,
    ticks: Interval,
}

impl Consumer {
    pub(crate) fn new(
        config: Arc<SessionConfig>,
        encryption: Option<Encryption>,
        shared: Arc<Shared>,
        phase: watch::Receiver<Phase>,
        deliveries: mpsc::Sender<Delivery>,
    ) -> Self {
        let subscriptions = Subscriptions::new(config.subscriptions.clone());
        // From the start, so that nobody takes "not asked yet" for "nothing is missing".
        shared.change(|state| state.subscriptions = subscriptions.states());
        let loose = Arc::new(Loose(Arc::clone(&shared.tally)));
        Self {
            config,
            encryption,
            shared,
            phase,
            deliveries: Some(deliveries),
            subscriptions,
            loose,
        }
    }

    pub(crate) async fn run(mut self) {
        let client_id = format!("{}-in", self.config.client_id);
        let mut retry = Retry::new(
            "consuming",
            &self.config,
            Arc::clone(&self.shared),
            |state| &mut state.incoming,
        );
        while *self.phase.borrow() == Phase::Running && !self.is_unwanted() {
            let encryption = self.encryption.as_ref();
            let opened = select! {
                opened = Link::open(&self.config, encryption, &client_id, true) => opened,
                _ = self.phase.changed() => continue,
            };
            let (lived, ended) = match opened {
                Ok((link, answer)) => {
                    retry.connected();
                    let connected = link.connected;
                    let ended = self.converse(link, answer.session_present).await;
                    (connected.elapsed(), ended)
                }
                Err(error) => (Duration::ZERO, Err(error)),
            };
            match ended {
                Ok(()) => break,
                Err(error) => {
                    let pause = retry.failed(lived, &error);
                    select! {
                        () = sleep(pause) => {}
                        _ = self.phase.changed() => {}
                    }
                }
            }
        }
        retry.ended();
    }

    fn is_unwanted(&self) -> bool {
        self.deliveries.as_ref().is_none_or(mpsc::Sender::is_closed)
    }

    /// Everything between one connect and its end. `Ok` means that the session is over.
    async fn converse(&mut self, mut link: Link, session_present: bool) -> Result<(), LinkError> {
        self.subscriptions
            .connected(session_present, link.wire, link.outbound());
        self.note_connection(session_present);
        let mut connection = Connection {
            link,
            window: Window::new(Arc::clone(&self.shared.tally)),
            parked: None,
            ticks: ticks(&self.config),
        };
        let ended = self.attend(&mut connection).await;
        connection.window.end();
        ended?;
        connection.link.close(self.config.connect_timeout).await
    }

    fn note_connection(&self, session_present: bool) {
        let counts = &self.shared.counts;
        counts
            .delivered_before
            .store(counts.delivered.load(Relaxed), Relaxed);
        self.shared.change(|state| {
            if state.incoming.connections > 1 && !session_present {
                state.sessions_lost += 1;
                tracing::warn!(
                    "the broker had forgotten the session: what it had queued for this node is lost"
                );
            }
            state.subscriptions = self.subscriptions.states();
        });
    }

    async fn attend(&mut self, connection: &mut Connection) -> Result<(), LinkError> {
        loop {
            self.hand_over(connection)?;
            let Connection {
                link,
                window,
                parked,
                ticks,
            } = connection;
            let front = window.take(|pkid| wire::puback(pkid, link.outbound()));
            if front == Front::Abandoned && self.deliveries.is_some() && link.is_written() {
                return Err(LinkError::Abandoned);
            }
            let reading = self.deliveries.is_some() && parked.is_none() && self.has_room(window);
            select! {
                biased;
                turned = link.turn(reading) => turned?,
                () = window.moved.notified() => {}
                handed = hand_parked(self.deliveries.as_ref(), parked), if parked.is_some() => if !handed {
                    self.deliveries = None;
                },
                _ = ticks.tick() => self.look(link, front, reading)?,
                phase = next_phase(&mut self.phase) => match phase {
                    Phase::Running => {}
                    Phase::Closing => (self.deliveries, *parked) = (None, None),
                    Phase::Ending { .. } => {
                        window.take(|pkid| wire::puback(pkid, link.outbound()));
                        return Ok(());
                    }
                },
            }
        }
    }

    /// Handles what came, as long as there is somebody to take it.
    fn hand_over(&mut self, connection: &mut Connection) -> Result<(), LinkError> {
        let mut arrived = None;
        while self.deliveries.is_some()
            && connection.parked.is_none()
            && self.has_room(&connection.window)
        {
            let Some(received) = connection.link.next()? else {
                return Ok(());
            };
            match received {
                Received::Publish { message, pkid } => {
                    let now = *arrived.get_or_insert_with(Instant::now);
                    connection.parked = self.deliver(message, pkid, &connection.window, now);
                }
                Received::SubAck { pkid, codes } => self.subscribed(pkid, &codes),
                Received::ConnAck(_)
                | Received::PubAck { .. }
                | Received::Pong
                | Received::Disconnect { .. } => {
                    let fault = "an answer that nothing asked for".to_owned();
                    return Err(LinkError::Protocol { fault });
                }
            }
        }
        Ok(())
    }

    /// Hands a message to the pipelines; gives it back where they have no room.
    fn deliver(
        &mut self,
        message: Message,
        pkid: u16,
        window: &Arc<Window>,
        now: Instant,
    ) -> Option<Delivery> {
        let counts = &self.shared.counts;
        let ticket = match message.qos {
            QoS::AtLeastOnce => Ticket::new(window.clone(), window.open(pkid, now)),
            QoS::AtMostOnce => {
                self.shared.tally.opened();
                Ticket::new(Arc::clone(&self.loose), 0)
            }
        };
        if message.retained && !self.subscriptions.wants_retained(&message.topic) {
            add(&counts.retained_skipped, 1);
            ticket.settle();
            return None;
        }
        add(&counts.delivered, 1);
        if message.duplicate {
            add(&counts.redelivered, 1);
        }
        let deliveries = self.deliveries.as_ref()?;
        match deliveries.try_send(Delivery { message, ticket }) {
            Ok(()) => None,
            Err(mpsc::error::TrySendError::Full(delivery)) => Some(delivery),
            Err(mpsc::error::TrySendError::Closed(_)) => {
                self.deliveries = None;
                None
            }
        }
    }

    fn subscribed(&mut self, pkid: u16, codes: &[u8]) {
        if self
            .subscriptions
            .answered(pkid, codes, self.config.backoff)
        {
            let states = self.subscriptions.states();
            self.shared.change(|state| state.subscriptions = states);
        }
    }

    fn has_room(&self, window: &Window) -> bool {
        window.len() < usize::from(self.config.receive_max)
    }

    /// Now and then: the connection, the subscriptions, and the watchdog.
    fn look(&mut self, link: &mut Link, front: Front, reading: bool) -> Result<(), LinkError> {
        link.look(reading)?;
        let (wire, patience) = (link.wire, self.config.connect_timeout);
        self.subscriptions.look(patience, wire, link.outbound())?;
        let age = match front {
            Front::Open(since) => Some(since.elapsed()),
            Front::None | Front::Abandoned => None,
        };
        store_age(&self.shared.counts.unsettled_age_ms, age);
        match age {
            Some(age) if age > self.config.unsettled_max_age && !self.outbox_is_the_cause() => {
                Err(LinkError::Unsettled { age })
            }
            _ => Ok(()),
        }
    }

    /// A result that cannot leave holds its message unsettled; delivering that again would only add a second result.
    fn outbox_is_the_cause(&self) -> bool {
        let half = u64::try_from(self.config.unsettled_max_age.as_millis() / 2).unwrap_or(u64::MAX);
        self.shared.counts.outbox_age_ms.load(Relaxed) > half
    }
}

/// Hands the parked message over once there is room. Says whether there still is anybody to take it.
async fn hand_parked(
    deliveries: Option<&mpsc::Sender<Delivery>>,
    parked: &mut Option<Delivery>,
) -> bool {
    let Some(deliveries) = deliveries else {
        return false;
    };
    match deliveries.reserve().await {
        Ok(room) => {
            if let Some(delivery) = parked.take() {
                room.send(delivery);
            }
            true
        }
        Err(_) => false,
    }
}
