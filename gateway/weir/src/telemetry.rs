//! What the node says of itself: the health document, and the rows that a person watches.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use tokio::time::{MissedTickBehavior, interval};
use weir_health::{
    Capabilities, Counts, Health, LastResult, LinkHealth, ModelsHealth, Observed, Percentiles,
    PipelineHealth, Resources,
};
use weir_mqtt::{LinkState, Observer};
use weir_pipeline::UtcMillis;
use weir_pool::Backlog;
use weir_transport::{Outgoing, Properties, QoS, Sink, Text};

/// What is known of a pipeline before its first message.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) name: String,
    pub(crate) engine: String,
    pub(crate) guest: String,
    pub(crate) model: Option<String>,
    pub(crate) further_models: Vec<String>,
    pub(crate) profile: String,
}

/// A pipeline as a person watches it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) engine: String,
    pub(crate) counts: Counts,
    pub(crate) last: Option<LastResult>,
    pub(crate) latency: Percentiles,
    pub(crate) guest_memory_bytes: u64,
}

/// One pipeline, watched.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) facts: Facts,
    pub(crate) observed: Arc<Observed>,
    pub(crate) backlogs: Vec<Backlog>,
}

/// Everything that is watched.
#[derive(Debug)]
pub(crate) struct Telemetry {
    pub(crate) node: String,
    pub(crate) topic: String,
    pub(crate) started: Instant,
    pub(crate) observer: Observer,
    pub(crate) pipelines: Vec<Watched>,
}

impl Telemetry {
    /// Each pipeline as it is now.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let row = |watched: &Watched| Row {
            name: watched.facts.name.clone(),
            engine: watched.facts.engine.clone(),
            counts: watched.observed.counts(),
            last: watched.observed.last(),
            latency: watched.observed.latency(),
            guest_memory_bytes: watched.observed.guest().1,
        };
        self.pipelines.iter().map(row).collect()
    }

    /// Publishes the health document, now and at every interval, until the sink is closed. Without a connection none
    /// is made: old news must not take the outbox from results.
    pub(crate) async fn publish(self: Arc<Self>, sink: Sink, every: Duration) {
        let mut resources = Resources::new(self.started);
        let capabilities = Capabilities::observe();
        let mut link = self.observer.clone();
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            link.wait_for(|state| state.outgoing.connected).await;
            let document = self.health(&capabilities, &mut resources);
            let json = serde_json::to_vec(&document).expect("a health document is plain JSON");
            let outgoing = Outgoing {
                qos: QoS::AtMostOnce,
                retain: true,
                properties: Properties {
                    content_type: Some(Text::from_static("application/json")),
                    ..Properties::default()
                },
                ..Outgoing::new(self.topic.clone(), Bytes::from(json))
            };
            if sink.send(outgoing).await.is_err() {
                return;
            }
        }
    }

    fn health(&self, capabilities: &Capabilities, resources: &mut Resources) -> Health {
        let micros = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_micros();
        Health {
            v: 1,
            node: self.node.clone(),
            time: UtcMillis(i64::try_from(micros).unwrap_or(i64::MAX)).to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            capabilities: capabilities.clone(),
            resources: resources.sample(Instant::now()),
            link: link(&self.observer.state()),
            pipelines: self.pipelines.iter().map(Watched::health).collect(),
        }
    }
}

impl Watched {
    fn health(&self) -> PipelineHealth {
        let (cold_start, guest_memory_bytes) = self.observed.guest();
        let allowed = &self.facts.further_models;
        let models = (!allowed.is_empty()).then(|| ModelsHealth {
            allowed: allowed.clone(),
            reopened: self.observed.reopened(),
        });
        let queued: usize = self.backlogs.iter().map(Backlog::queued).sum();
        PipelineHealth {
            name: self.facts.name.clone(),
            engine: self.facts.engine.clone(),
            guest: self.facts.guest.clone(),
            model: self.facts.model.clone(),
            models,
            profile: self.facts.profile.clone(),
            counts: self.observed.counts(),
            rejects: self.observed.rejects(),
            latency_ms: self.observed.latency(),
            infer_ms: self.observed.infer(),
            cold_start_ms: cold_start.as_secs_f64() * 1_000.0,
            opening_ms: self.observed.opening(),
            guest_memory_bytes,
            queued: u64::try_from(queued).unwrap_or(u64::MAX),
        }
    }
}

fn link(state: &LinkState) -> LinkHealth {
    let again = |connections: u64| connections.saturating_sub(1);
    let ms = |age: Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    let incoming = state.incoming.last_error.clone();
    LinkHealth {
        reconnects: again(state.incoming.connections) + again(state.outgoing.connections),
        sessions_lost: state.sessions_lost,
        redelivered: state.redelivered,
        outbox: u64::try_from(state.outbox).unwrap_or(u64::MAX),
        refused: state.refusals,
        unsettled_age_ms: state.unsettled_age.map_or(0, ms),
        last_error: incoming.or_else(|| state.outgoing.last_error.clone()),
    }
}
