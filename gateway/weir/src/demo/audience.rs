//! A dashboard's part: subscribes to results and rejects and counts them, from outside.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde::Deserialize;
use tokio::task::JoinHandle;
use weir_mqtt::{Control, Session, SessionConfig, Subscription};
use weir_transport::{Message, QoS};

use crate::link;

/// Counts results and rejects as a subscriber sees them, and remembers what the network last said of each pump.
pub(super) struct Audience {
    seen: Arc<AtomicU64>,
    diagnoses: Arc<Diagnoses>,
    counting: JoinHandle<()>,
    control: Control,
}

/// The last label of each pump, from the results of the network's pipeline.
#[derive(Debug, Default)]
pub(super) struct Diagnoses(Mutex<BTreeMap<String, String>>);

/// What is read of a result.
#[derive(Deserialize)]
struct Labelled {
    label: Option<String>,
}

impl Diagnoses {
    /// All pumps in one line.
    pub(super) fn line(&self) -> String {
        let pumps = self.0.lock();
        let words: Vec<_> = pumps
            .iter()
            .map(|(pump, label)| format!("{pump} {label}"))
            .collect();
        words.join(" · ")
    }

    fn note(&self, message: &Message) {
        let Some(pump) = message.topic.strip_prefix("weir/results/vibration/") else {
            return;
        };
        if let Ok(Labelled { label }) = serde_json::from_slice(&message.payload) {
            let label = label.unwrap_or_else(|| "not sure".to_owned());
            self.0.lock().insert(pump.to_owned(), label);
        }
    }
}

impl Audience {
    /// Subscribes, and waits until the broker has granted it.
    pub(super) async fn join(port: u16) -> anyhow::Result<Self> {
        let wanted = |filter: &str| Subscription {
            filter: filter.to_owned(),
            qos: QoS::AtLeastOnce,
            retained: false,
        };
        let config = SessionConfig {
            subscriptions: vec![wanted("weir/results/#"), wanted("weir/rejects/#")],
            ..link::local(port, "weir-demo-audience")
        };
        let Session {
            mut deliveries,
            mut observer,
            control,
            sink: _,
        } = Session::start(config)?;
        observer
            .wait_for(|state| state.incoming.connected && link::all_granted(state))
            .await;
        let seen = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&seen);
        let diagnoses = Arc::<Diagnoses>::default();
        let noted = Arc::clone(&diagnoses);
        let counting = tokio::spawn(async move {
            while let Some(delivery) = deliveries.recv().await {
                counter.fetch_add(1, Ordering::Relaxed);
                noted.note(&delivery.message);
                delivery.ticket.settle();
            }
        });
        Ok(Self {
            seen,
            diagnoses,
            counting,
            control,
        })
    }

    /// What the network says of the pumps.
    pub(super) fn diagnoses(&self) -> Arc<Diagnoses> {
        Arc::clone(&self.diagnoses)
    }

    /// Waits until as many were seen as are expected, or `within` is over; gives the number seen.
    pub(super) async fn leave(self, expected: u64, within: Duration) -> u64 {
        let deadline = tokio::time::Instant::now() + within;
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        while self.seen.load(Ordering::Relaxed) < expected && tokio::time::Instant::now() < deadline
        {
            ticks.tick().await;
        }
        self.control.drain(Duration::from_secs(1)).await;
        self.counting.abort();
        self.seen.load(Ordering::Relaxed)
    }
}
