//! A dashboard's part: subscribes to results and rejects and counts them, from outside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;
use weir_mqtt::{Control, Session, SessionConfig, Subscription};
use weir_transport::QoS;

use crate::link;

/// Counts results and rejects as a subscriber sees them.
pub(super) struct Audience {
    seen: Arc<AtomicU64>,
    counting: JoinHandle<()>,
    control: Control,
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
        let counting = tokio::spawn(async move {
            while let Some(delivery) = deliveries.recv().await {
                counter.fetch_add(1, Ordering::Relaxed);
                delivery.ticket.settle();
            }
        });
        Ok(Self {
            seen,
            counting,
            control,
        })
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
