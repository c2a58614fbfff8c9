use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use rumqttc::{
    NetworkOptions, Outgoing,
    v5::{
        AsyncClient, Event, EventLoop, MqttOptions,
        mqttbytes::{
            QoS,
            v5::{ConnectReturnCode, Packet},
        },
    },
};
use tokio::{
    sync::{OnceCell, Semaphore, oneshot, watch},
    time::sleep,
};

use super::{Publication, inbox::Inbox, outbox::Outbox};

/// Messages without confirmation at once; also below what the library takes without waiting.
const OUTBOX_MESSAGES_MAX: usize = 256;
const SUBSCRIPTIONS_MAX: usize = 256;
const PACKET_BYTES_MAX: u32 = 16 * 1024 * 1024;
const SESSION_EXPIRY_S: u32 = 3600;
const RECEIVE_MAX: u16 = 1024;
const BACKOFF_FIRST: Duration = Duration::from_millis(5);
const BACKOFF_MAX: Duration = Duration::from_millis(200);

type Answered = oneshot::Receiver<Result<(), String>>;

/// The connection behind a client: one task polls it, everybody else only puts something under the lock.
#[derive(Debug)]
pub(super) struct Link {
    port: u16,
    id: String,
    /// The user and its password.
    credentials: Option<(String, String)>,
    places: Arc<Semaphore>,
    outbox: Mutex<Outbox>,
    pub(super) inbox: Inbox,
    connections: watch::Sender<u64>,
    closed: watch::Sender<bool>,
    closing: watch::Sender<bool>,
    requests: AtomicU64,
    pub(super) answers: OnceCell<()>,
    last_error: Mutex<String>,
}

impl Link {
    pub(super) fn new(
        port: u16,
        id: &str,
        credentials: Option<(String, String)>,
    ) -> (Arc<Self>, watch::Receiver<u64>) {
        let link = Self {
            port,
            id: id.to_owned(),
            credentials,
            places: Arc::new(Semaphore::new(OUTBOX_MESSAGES_MAX)),
            outbox: Mutex::default(),
            inbox: Inbox::new(),
            connections: watch::Sender::new(0),
            closed: watch::Sender::new(false),
            closing: watch::Sender::new(false),
            requests: AtomicU64::new(0),
            answers: OnceCell::new(),
            last_error: Mutex::default(),
        };
        let connected = link.connections.subscribe();
        (Arc::new(link), connected)
    }

    pub(super) fn connections(&self) -> u64 {
        *self.connections.borrow()
    }

    pub(super) fn last_error(&self) -> String {
        self.last_error
            .lock()
            .expect("no holder of this lock panics")
            .clone()
    }

    pub(super) async fn publish(&self, publication: Publication) -> Answered {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let (answer, answered) = oneshot::channel();
        self.outbox().add(publication, answer, place);
        answered
    }

    pub(super) fn subscribe(&self, filter: &str, qos: QoS) -> Result<Answered> {
        let (answer, answered) = oneshot::channel();
        let mut outbox = self.outbox();
        ensure!(
            outbox.subscriptions() < SUBSCRIPTIONS_MAX,
            "a test client subscribes {SUBSCRIPTIONS_MAX} times at most"
        );
        outbox.subscribe(filter, qos, answer);
        Ok(answered)
    }

    /// Correlation data that was not used before.
    pub(super) fn next_correlation(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number}", self.id)
    }

    pub(super) fn close(&self) -> watch::Receiver<bool> {
        self.closing.send_replace(true);
        self.outbox().close();
        self.closed.subscribe()
    }

    /// The polling task. It waits for nothing but the network and the pause before a reconnect.
    pub(super) async fn poll(self: Arc<Self>) {
        let mut backoff = BACKOFF_FIRST;
        while !*self.closing.borrow() {
            let before = self.connections();
            let capacity = OUTBOX_MESSAGES_MAX + SUBSCRIPTIONS_MAX + 1;
            let (client, mut events) = AsyncClient::new(self.options(), capacity);
            self.serve(&client, &mut events).await;
            self.outbox().lost();
            if self.connections() > before {
                backoff = BACKOFF_FIRST;
            }
            sleep(backoff).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
        self.closed.send_replace(true);
    }

    /// One connection, until it is lost.
    async fn serve(&self, client: &AsyncClient, events: &mut EventLoop) {
        loop {
            match events.poll().await {
                Ok(event) => self.on_event(client, event),
                Err(error) => {
                    // What came before the failure was received, and perhaps acknowledged.
                    for event in std::mem::take(&mut events.state.events) {
                        self.on_event(client, event);
                    }
                    *self
                        .last_error
                        .lock()
                        .expect("no holder of this lock panics") = error.to_string();
                    return;
                }
            }
        }
    }

    fn on_event(&self, client: &AsyncClient, event: Event) {
        match event {
            Event::Incoming(Packet::ConnAck(ack)) if ack.code == ConnectReturnCode::Success => {
                self.outbox().connected(client.clone(), ack.session_present);
                self.connections.send_modify(|count| *count += 1);
            }
            Event::Incoming(Packet::Publish(publish)) => self.inbox.put(publish.into()),
            Event::Incoming(Packet::PubAck(ack)) => self.outbox().publish_answered(&ack),
            Event::Incoming(Packet::SubAck(ack)) => self.outbox().subscribe_answered(&ack),
            Event::Outgoing(Outgoing::Publish(id)) => self.outbox().publish_sent(id),
            Event::Outgoing(Outgoing::Subscribe(id)) => self.outbox().subscribe_sent(id),
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }

    fn options(&self) -> MqttOptions {
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        let mut options = MqttOptions::new(self.id.clone(), "127.0.0.1", self.port);
        options
            // Mosquitto 2.0 stores no session that began with a clean start.
            .set_clean_start(false)
            .set_session_expiry_interval(Some(SESSION_EXPIRY_S))
            .set_receive_maximum(Some(RECEIVE_MAX))
            .set_max_packet_size(Some(PACKET_BYTES_MAX))
            .set_outgoing_inflight_upper_limit(256)
            .set_network_options(network);
        if let Some((user, password)) = &self.credentials {
            options.set_credentials(user, password);
        }
        options
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().expect("no holder of this lock panics")
    }
}
