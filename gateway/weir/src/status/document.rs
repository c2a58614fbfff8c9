//! What the node knows, as the document that `weir status` shows.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use parking_lot::Mutex;
use weir_health::{
    BrokerStatus, Capabilities, EngineAbsent, Health, Last, LastReject, LastResult, Machine,
    NodeState, Refusal, RejectSeen, Resources, ResultSeen, Status,
};
use weir_mqtt::{Grant, LinkState};
use weir_profile::DeviceId;

use super::next;
use crate::{
    engines::Absent,
    telemetry::{Broker, Telemetry, Watched, time},
};

/// Seconds that something may wait at a broker that refuses, before it counts.
const REFUSED_WAIT_S_MAX: u64 = 2;

/// How far the node is: written by the node, read by its status socket.
#[derive(Debug, Clone)]
pub(crate) struct Board(Arc<Mutex<Stage>>);

#[derive(Debug, Clone)]
enum Stage {
    Starting(String),
    Serving(Arc<Telemetry>),
}

/// Makes documents of what the board says.
pub(super) struct Reader {
    board: Board,
    absent: Vec<Absent>,
    capabilities: Capabilities,
    resources: Resources,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Stage::Starting("starting".to_owned()))))
    }

    /// What is done now.
    pub(crate) fn starting(&self, words: &str) {
        *self.0.lock() = Stage::Starting(words.to_owned());
    }

    /// The node takes messages.
    pub(crate) fn serving(&self, telemetry: &Arc<Telemetry>) {
        *self.0.lock() = Stage::Serving(Arc::clone(telemetry));
    }
}

impl Reader {
    pub(super) fn new(board: Board, started: Instant, absent: Vec<Absent>) -> Self {
        Self {
            board,
            absent,
            capabilities: Capabilities::observe(),
            resources: Resources::new(started),
        }
    }

    /// How the node is now.
    pub(super) fn read(&mut self) -> Status {
        let stage = self.board.0.lock().clone();
        let mut status = match stage {
            Stage::Starting(words) => Status {
                words,
                ..bare(NodeState::Starting)
            },
            Stage::Serving(telemetry) => {
                let health = telemetry.health(&self.capabilities, &mut self.resources);
                serving(&telemetry, health)
            }
        };
        let absent = self.absent.iter().map(|absent| EngineAbsent {
            engine: absent.engine.to_owned(),
            reason: absent.reason.clone(),
        });
        status.engines_absent = absent.collect();
        status.machine = Machine::observe();
        status
            .next
            .extend(next::for_machine(&status.machine).into_iter().flatten());
        status
    }
}

/// A document that says nothing but how far the node is.
pub(super) fn bare(state: NodeState) -> Status {
    Status {
        v: 1,
        state,
        healthy: false,
        words: String::new(),
        next: Vec::new(),
        broker: None,
        last: Vec::new(),
        engines_absent: Vec::new(),
        machine: Machine::default(),
        health: None,
    }
}

fn serving(telemetry: &Telemetry, health: Health) -> Status {
    let link = telemetry.observer.state();
    let broker = broker(&telemetry.broker, &link);
    let fault = telemetry.life.fault(Instant::now());
    let state = match &fault {
        _ if telemetry.life.is_ending() => NodeState::Stopping,
        Some(_) => NodeState::Stuck,
        None if broker.connected && !awaited(&link) => NodeState::Serving,
        None => NodeState::Waiting,
    };
    let last: Vec<_> = telemetry.pipelines.iter().map(Watched::last).collect();
    let refused = broker.refused_publish.is_some() || !broker.refused_filters.is_empty();
    let known = next::Known {
        fault: fault.as_deref(),
        settings: &telemetry.broker,
        link: &link,
        broker: &broker,
        health: &health,
        last: &last,
        pipelines: &telemetry.pipelines,
    };
    // Nothing is lost without a broker where nothing is to be done.
    let idle = state == NodeState::Waiting && telemetry.pipelines.is_empty();
    let next = known.steps();
    let stuck = fault.map(|fault| format!("stuck: {fault}"));
    Status {
        healthy: (state == NodeState::Serving || idle) && !refused,
        words: stuck
            .unwrap_or_else(|| in_words(&telemetry.broker, telemetry.pipelines.len(), &link)),
        next,
        broker: Some(broker),
        last,
        health: Some(health),
        ..bare(state)
    }
}

/// How the link is, in a line.
pub(crate) fn in_words(broker: &Broker, pipelines: usize, link: &LinkState) -> String {
    let url = &broker.url;
    if !connected(link) {
        let error = error(link).map(|error| format!(": {error}"));
        let error = error.unwrap_or_default();
        return match pipelines {
            0 => format!("no pipeline is configured, and the broker {url} is not there{error}"),
            _ => format!("waiting for the broker {url}{error}"),
        };
    }
    if awaited(link) {
        return format!("waiting for the broker {url} to answer the subscriptions");
    }
    match (refused_filters(link).next(), pipelines) {
        (Some(refusal), _) => format!(
            "the broker {url} refuses the subscription {}: {}",
            refusal.topic, refusal.words
        ),
        (None, 0) => "running; no pipeline is configured".to_owned(),
        (None, 1) => "serving 1 pipeline".to_owned(),
        (None, pipelines) => format!("serving {pipelines} pipelines"),
    }
}

fn broker(settings: &Broker, link: &LinkState) -> BrokerStatus {
    let connected = connected(link);
    let connections = [&link.incoming, &link.outgoing];
    let since = connections.iter().filter_map(|connection| connection.since);
    // Both stand since the later one was made; one is missing since the earlier one ended.
    let since = match connected {
        true => since.max(),
        false => since.min(),
    };
    let waits = [link.outbox_age, link.unsettled_age].into_iter().flatten();
    let waits = waits.max().map_or(0, |age| age.as_secs()) >= REFUSED_WAIT_S_MAX;
    let refused = link.refused.as_ref().filter(|_| waits && link.outbox > 0);
    BrokerStatus {
        url: settings.url.clone(),
        connected,
        for_s: since.map(|since| since.elapsed().as_secs()),
        error: error(link).filter(|_| !connected),
        refused_filters: refused_filters(link).collect(),
        refused_publish: refused.map(|refused| Refusal {
            topic: refused.topic.clone(),
            words: refused.words.to_owned(),
        }),
    }
}

fn connected(link: &LinkState) -> bool {
    link.incoming.connected && link.outgoing.connected
}

fn awaited(link: &LinkState) -> bool {
    let mut subscriptions = link.subscriptions.iter();
    subscriptions.any(|subscription| subscription.grant == Grant::Awaited)
}

/// Why there is no connection: of the one that is missing.
fn error(link: &LinkState) -> Option<String> {
    let connections = [&link.incoming, &link.outgoing];
    let mut missing = connections
        .iter()
        .filter(|connection| !connection.connected);
    missing.find_map(|connection| connection.last_error.clone())
}

fn refused_filters(link: &LinkState) -> impl Iterator<Item = Refusal> {
    let subscriptions = link.subscriptions.iter();
    subscriptions.filter_map(|subscription| match subscription.grant {
        Grant::Refused { words, .. } => Some(Refusal {
            topic: subscription.filter.clone(),
            words: words.to_owned(),
        }),
        Grant::Awaited | Grant::Granted(_) => None,
    })
}

impl Watched {
    fn last(&self) -> Last {
        Last {
            pipeline: self.facts.name.clone(),
            result: self.observed.last().map(result),
            reject: self.observed.last_reject().map(reject),
        }
    }
}

fn result((at, last): (SystemTime, LastResult)) -> ResultSeen {
    ResultSeen {
        time: time(at),
        age_s: age_s(at),
        device: last.device.as_ref().map(DeviceId::to_string),
        label: last.label.as_deref().map(str::to_owned),
        confidence: last.confidence,
    }
}

fn reject(last: LastReject) -> RejectSeen {
    RejectSeen {
        time: time(last.at),
        age_s: age_s(last.at),
        code: last.code.to_owned(),
        words: last.words,
        topic: last.topic,
    }
}

fn age_s(at: SystemTime) -> u64 {
    at.elapsed().unwrap_or_default().as_secs()
}
