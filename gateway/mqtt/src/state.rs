use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Notify, watch};
use weir_transport::Sink;

use crate::{Fault, Grant};

/// What was observed of a session, at one moment.
#[derive(Debug, Clone, Default)]
pub struct LinkState {
    /// The connection that consumes.
    pub incoming: ConnectionState,
    /// The connection that publishes.
    pub outgoing: ConnectionState,
    /// Connections on which the broker had forgotten the consuming session, and with it what it had queued.
    pub sessions_lost: u64,
    /// Every subscription and what the broker answered.
    pub subscriptions: Vec<SubscriptionState>,
    /// The largest packet that the broker takes, where it said so.
    pub packet_bytes_max: Option<u32>,
    /// Messages handed over.
    pub delivered: u64,
    /// Of those, on the connection that stands now.
    pub delivered_now: u64,
    /// Of those handed over, the ones that the broker says it sent before.
    pub redelivered: u64,
    /// Kept messages that no subscription wanted.
    pub retained_skipped: u64,
    /// Messages that are handed over and not settled, of any connection.
    pub unsettled: usize,
    /// Age of the first of them; as old as the last look, at most a second.
    pub unsettled_age: Option<Duration>,
    /// Messages that were given up unsettled.
    pub abandoned: u64,
    /// Messages that were settled after their connection had ended: they come again.
    pub settled_late: u64,
    /// Outgoing messages that wait, in the queue or in flight.
    pub outbox: usize,
    /// Age of the first message in flight; as old as the last look, at most a second.
    pub outbox_age: Option<Duration>,
    /// Outgoing messages that are safe.
    pub published: u64,
    /// Times that the broker refused a message with a reason code.
    pub refusals: u64,
    /// The last of those.
    pub refused: Option<RefusedPublish>,
    /// Messages that could never be sent and were substituted by their sender.
    pub substituted: u64,
    /// Messages that could never be sent and had no substitute: lost, and logged.
    pub unsendable: u64,
}

/// One of the two connections.
#[derive(Debug, Clone, Default)]
pub struct ConnectionState {
    /// Whether it stands.
    pub connected: bool,
    /// When it was made, or when it ended; none before the first connection.
    pub since: Option<Instant>,
    /// How often it was made.
    pub connections: u64,
    /// Attempts that failed since it last lived.
    pub failures: u32,
    /// Why it last failed or ended.
    pub last_error: Option<String>,
    /// What kind of failure that was.
    pub last_fault: Option<Fault>,
}

impl ConnectionState {
    /// Notes whether it stands, and since when.
    pub(crate) fn turns(&mut self, connected: bool) {
        if self.connected != connected {
            self.since = Some(Instant::now());
        }
        self.connected = connected;
    }
}

/// A subscription and what became of it.
#[derive(Debug, Clone)]
pub struct SubscriptionState {
    /// The filter.
    pub filter: String,
    /// What the broker answered.
    pub grant: Grant,
}

/// A publish that the broker refused. It stays in the outbox and is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPublish {
    /// Its topic.
    pub topic: String,
    /// PUBACK code.
    pub code: u8,
    /// What the code says.
    pub words: &'static str,
}

/// Looks at a session from outside. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Observer {
    shared: Arc<Shared>,
    changes: watch::Receiver<LinkState>,
    sink: Sink,
}

impl Observer {
    /// What is known now.
    #[must_use]
    pub fn state(&self) -> LinkState {
        self.complete(self.changes.borrow().clone())
    }

    /// Waits until a connection, a subscription or a refusal makes the state so. Plain counts are looked at only
    /// then. Returns the state as it is when the session has ended.
    pub async fn wait_for(&mut self, mut so: impl FnMut(&LinkState) -> bool) -> LinkState {
        loop {
            let known = self.changes.borrow_and_update().clone();
            let state = self.complete(known);
            if so(&state) || self.changes.changed().await.is_err() {
                return state;
            }
        }
    }

    fn complete(&self, mut state: LinkState) -> LinkState {
        let Shared { tally, counts, .. } = &*self.shared;
        state.unsettled = tally.unsettled.load(Relaxed);
        state.abandoned = tally.abandoned.load(Relaxed);
        state.settled_late = tally.settled_late.load(Relaxed);
        state.delivered = counts.delivered.load(Relaxed);
        state.delivered_now =
            state.delivered - counts.delivered_before.load(Relaxed).min(state.delivered);
        state.redelivered = counts.redelivered.load(Relaxed);
        state.retained_skipped = counts.retained_skipped.load(Relaxed);
        state.published = counts.published.load(Relaxed);
        state.substituted = counts.substituted.load(Relaxed);
        state.unsendable = counts.unsendable.load(Relaxed);
        state.outbox = self.sink.waiting() + counts.in_flight.load(Relaxed);
        state.unsettled_age = age(&counts.unsettled_age_ms);
        state.outbox_age = age(&counts.outbox_age_ms);
        state
    }
}

/// What the two connections share: nothing but what they observe.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) tally: Arc<Tally>,
    pub(crate) counts: Counts,
    changes: watch::Sender<LinkState>,
}

/// Plain counts; each has one writer.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) delivered: AtomicU64,
    pub(crate) delivered_before: AtomicU64,
    pub(crate) redelivered: AtomicU64,
    pub(crate) retained_skipped: AtomicU64,
    pub(crate) published: AtomicU64,
    pub(crate) substituted: AtomicU64,
    pub(crate) unsendable: AtomicU64,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) unsettled_age_ms: AtomicU64,
    pub(crate) outbox_age_ms: AtomicU64,
}

impl Shared {
    pub(crate) fn new(sink: Sink) -> (Arc<Self>, Observer) {
        let (changes, watched) = watch::channel(LinkState::default());
        let shared = Arc::new(Self {
            tally: Arc::default(),
            counts: Counts::default(),
            changes,
        });
        let observer = Observer {
            shared: Arc::clone(&shared),
            changes: watched,
            sink,
        };
        (shared, observer)
    }

    /// Waits until the consuming connection stands and the broker has answered every subscription.
    pub(crate) async fn listens(&self) {
        let listens = |state: &LinkState| {
            let answered = |known: &SubscriptionState| known.grant != Grant::Awaited;
            state.incoming.connected && state.subscriptions.iter().all(answered)
        };
        if self.changes.subscribe().wait_for(listens).await.is_err() {
            std::future::pending().await
        }
    }

    /// Changes what is known of connections, subscriptions and refusals.
    pub(crate) fn change(&self, change: impl FnOnce(&mut LinkState)) {
        self.changes.send_modify(change);
    }
}

/// Counts the messages that are handed over and not settled, across connections.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    unsettled: AtomicUsize,
    abandoned: AtomicU64,
    settled_late: AtomicU64,
    emptied: Notify,
}

impl Tally {
    pub(crate) fn opened(&self) {
        self.unsettled.fetch_add(1, Relaxed);
    }

    pub(crate) fn closed(&self, settled: bool, late: bool) {
        if !settled {
            self.abandoned.fetch_add(1, Relaxed);
        } else if late {
            self.settled_late.fetch_add(1, Relaxed);
        }
        if self.unsettled.fetch_sub(1, Relaxed) == 1 {
            self.emptied.notify_waiters();
        }
    }

    pub(crate) fn unsettled(&self) -> usize {
        self.unsettled.load(Relaxed)
    }

    /// Waits until nothing that was handed over is unsettled.
    pub(crate) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.unsettled() == 0 {
                return;
            }
            emptied.await;
        }
    }
}

/// Stores an age so that zero means none.
pub(crate) fn store_age(to: &AtomicU64, age: Option<Duration>) {
    let ms = age.map_or(0, |age| {
        u64::try_from(age.as_millis()).unwrap_or(u64::MAX).max(1)
    });
    to.store(ms, Relaxed);
}

fn age(from: &AtomicU64) -> Option<Duration> {
    match from.load(Relaxed) {
        0 => None,
        ms => Some(Duration::from_millis(ms)),
    }
}

/// Adds to a count.
pub(crate) fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Relaxed);
}
