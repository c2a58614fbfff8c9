//! What the node says of itself: the health document, and the rows that a person watches.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use tokio::time::{MissedTickBehavior, interval};
use weir_engine::EngineKind;
use weir_health::{
    Capabilities, CodeHealth, CodeObserved, Counts, Health, LastResult, LinkHealth, ModelsHealth,
    Observed, Percentiles, PipelineHealth, Resources,
};
use weir_mqtt::{LinkState, Observer};
use weir_pipeline::UtcMillis;
use weir_pool::Backlog;
use weir_transport::{Outgoing, Properties, QoS, Sink, Text};

use crate::{resident, service::Life};

/// What is known of a pipeline before its first message.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) name: String,
    /// The topics that it takes, as the configuration writes them, and as MQTT filters them.
    pub(crate) topic: String,
    pub(crate) filter: String,
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

/// The broker, as far as somebody who mends a connection wants to know.
#[derive(Debug, Clone)]
pub(crate) struct Broker {
    /// Its address, without user and password.
    pub(crate) url: String,
    /// Whether it is Weir's own.
    pub(crate) embedded: bool,
    /// Whether it is on this machine.
    pub(crate) here: bool,
    /// Whether the node has a user.
    pub(crate) user: bool,
}

/// Everything that is watched.
#[derive(Debug)]
pub(crate) struct Telemetry {
    pub(crate) node: String,
    pub(crate) topic: String,
    pub(crate) started: Instant,
    pub(crate) observer: Observer,
    pub(crate) broker: Broker,
    pub(crate) life: Arc<Life>,
    pub(crate) pipelines: Vec<Watched>,
}

impl Telemetry {
    /// Each pipeline as it is now.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let row = |watched: &Watched| Row {
            name: watched.facts.name.clone(),
            engine: watched.facts.engine.clone(),
            counts: watched.observed.counts(),
            last: watched.observed.last().map(|(_, last)| last),
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
        let mut improved = 0;
        loop {
            ticks.tick().await;
            link.wait_for(|state| state.outgoing.connected).await;
            if std::mem::replace(&mut improved, self.improved()) != improved {
                drop(tokio::task::spawn_blocking(
                    resident::give_back_what_starting_needed,
                ));
            }
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

    /// Times that better code took over: what it was made of is needed no more.
    fn improved(&self) -> u64 {
        let pipelines = self.pipelines.iter();
        pipelines
            .map(|watched| watched.observed.code().improved)
            .sum()
    }

    /// The health document as it is now.
    pub(crate) fn health(&self, capabilities: &Capabilities, resources: &mut Resources) -> Health {
        Health {
            v: 1,
            node: self.node.clone(),
            time: time(SystemTime::now()),
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
        let rejects = self.observed.rejects().into_iter();
        let queued: usize = self.backlogs.iter().map(Backlog::queued).sum();
        PipelineHealth {
            name: self.facts.name.clone(),
            engine: self.facts.engine.clone(),
            guest: self.facts.guest.clone(),
            model: self.facts.model.clone(),
            models,
            code: self.code(),
            profile: self.facts.profile.clone(),
            counts: self.observed.counts(),
            rejects: rejects
                .map(|(code, count)| (code.to_owned(), count))
                .collect(),
            latency_ms: self.observed.latency(),
            infer_ms: self.observed.infer(),
            cold_start_ms: cold_start.as_secs_f64() * 1_000.0,
            opening_ms: self.observed.opening(),
            guest_memory_bytes,
            queued: u64::try_from(queued).unwrap_or(u64::MAX),
        }
    }
}

/// RFC 3339, UTC.
pub(crate) fn time(at: SystemTime) -> String {
    let micros = at
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_micros();
    UtcMillis(i64::try_from(micros).unwrap_or(i64::MAX)).to_string()
}

impl Watched {
    /// Interpreters have none.
    fn code(&self) -> Option<CodeHealth> {
        let CodeObserved {
            runs,
            improving,
            improved,
            why_not,
        } = self.observed.code();
        let compiled = self.facts.engine == EngineKind::Wasmtime.name();
        compiled.then_some(CodeHealth {
            precompiled: runs.precompiled,
            snapshot: runs.snapshot,
            improving: improving > 0,
            improved,
            why_not_improved: why_not,
        })
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
