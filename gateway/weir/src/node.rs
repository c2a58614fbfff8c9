//! A running node: lanes opened, session started, messages routed, and the drain at its end.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::task::JoinHandle;
use weir_health::Observed;
use weir_mqtt::{Control, DrainReport, Observer, Session, SessionConfig};
use weir_pipeline::{Journey, Origin, Reason, RejectCode, Router, topics};
use weir_pool::{Clock, Crew, Lane, LanePlan};
use weir_profile::{DeviceId, Finding, Settings, Severity};

use crate::{
    engines::Engines,
    intake::{Intake, Running},
    lane::{PreparedLane, PreparedModel},
    link,
    prepare::{Prepared, PreparedPipeline, finding},
    service::{self, Life},
    telemetry::{Facts, Telemetry, Watched},
};

/// Pipelines whose guests are open, not yet on a broker.
pub(crate) struct Opened {
    settings: Settings,
    intake: Intake,
    watched: Vec<Watched>,
}

/// A node at work.
pub(crate) struct Node {
    pub(crate) telemetry: Arc<Telemetry>,
    control: Control,
    intake: JoinHandle<()>,
    publishing: JoinHandle<()>,
    life: JoinHandle<()>,
    drain_deadline: Duration,
}

/// Compiles and opens every guest; takes seconds where something is compiled for the first time. `step` is told what is
/// opened.
///
/// # Errors
/// Fails where a guest cannot be loaded or opened.
pub(crate) fn open(
    prepared: Prepared,
    engines: &Engines,
    step: impl Fn(&str),
) -> Result<Opened, Box<Finding>> {
    let Prepared {
        settings,
        router,
        pipelines,
        ..
    } = prepared;
    let clock = Clock::start();
    let mut crew = crew(&pipelines, engines)?;
    let mut running = Vec::with_capacity(pipelines.len());
    let mut watched = Vec::with_capacity(pipelines.len());
    for prepared in pipelines {
        let observed = Arc::new(Observed::new(prepared.pipeline.name.to_string()));
        let mut lanes = Vec::with_capacity(prepared.lanes.len());
        for lane in &prepared.lanes {
            step(&opening(&prepared, lane));
            let plan = lane_plan(
                &settings, &router, &prepared, lane, &observed, engines, clock,
            );
            let lane = plan.and_then(|plan| Ok(Lane::open(plan, &mut crew)?));
            lanes.push(lane.map_err(|error| Box::new(refusal(&prepared, &error)))?);
        }
        watched.push(Watched {
            facts: facts(&prepared),
            observed: Arc::clone(&observed),
            backlogs: lanes.iter().map(Lane::backlog).collect(),
        });
        running.push(Running {
            devices: devices(&prepared),
            lanes,
            observed,
        });
    }
    Ok(Opened {
        settings,
        intake: Intake::new(router, running, crew),
        watched,
    })
}

/// What is opened, in words.
pub(crate) fn opening(prepared: &PreparedPipeline, lane: &PreparedLane) -> String {
    format!(
        "starting: opening pipeline {}: {} on {}",
        prepared.pipeline.name,
        lane.guest_with(lane.own()),
        lane.engine.engine
    )
}

/// The threads for every guest, each with the stack that the most demanding engine asks for.
fn crew(pipelines: &[PreparedPipeline], engines: &Engines) -> Result<Crew, Box<Finding>> {
    let lanes = || pipelines.iter().flat_map(|pipeline| &pipeline.lanes);
    let shards = lanes().map(|lane| instances(lane).get()).sum();
    let stacks = lanes().filter_map(|lane| {
        let engine = engines.get(lane.engine.engine)?;
        Some(engine.thread_stack_bytes(&lane.profile.limits))
    });
    let shards = NonZeroUsize::new(shards).unwrap_or(NonZeroUsize::MIN);
    Crew::start(shards, stacks.max().unwrap_or(0)).map_err(|error| {
        let words = format!("the system gives no threads for guests: {error}");
        Box::new(finding(Severity::Error, "pipeline", words, ""))
    })
}

/// Instances of a lane's guest: more of them than cores would only take turns.
fn instances(lane: &PreparedLane) -> NonZeroUsize {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(lane.profile.instances_max).map_or(NonZeroUsize::MIN, |max| max.min(cores))
}

/// A guest of the pipeline cannot be loaded or opened.
pub(crate) fn refusal(prepared: &PreparedPipeline, error: &anyhow::Error) -> Finding {
    let key = format!("pipeline.{}", prepared.pipeline.name);
    let (file, line) = prepared.place.clone();
    Finding {
        file,
        line,
        ..finding(Severity::Error, &key, format!("{error:#}"), "")
    }
}

fn lane_plan(
    settings: &Settings,
    router: &Arc<Router>,
    prepared: &PreparedPipeline,
    lane: &PreparedLane,
    observed: &Arc<Observed>,
    engines: &Engines,
    clock: Clock,
) -> anyhow::Result<LanePlan> {
    let at_least_one = |number: usize| NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN);
    let instances = instances(lane);
    let journey = |_| journey(settings, prepared, lane, instances, router, observed);
    Ok(LanePlan {
        instances,
        name: prepared.pipeline.name.to_string(),
        guests: lane.load(engines)?,
        queue_messages_max: at_least_one(lane.profile.queue_messages_max),
        state_devices_max: at_least_one(lane.profile.state_devices_max),
        journeys: (0..instances.get()).map(journey).collect(),
        observed: Arc::clone(observed),
        clock,
    })
}

/// One shard's journey, of as many as there are instances.
pub(crate) fn journey(
    settings: &Settings,
    prepared: &PreparedPipeline,
    lane: &PreparedLane,
    shards: NonZeroUsize,
    router: &Arc<Router>,
    observed: &Observed,
) -> Journey {
    let origin = Origin {
        node: settings.node.name.clone(),
        root: settings.node.root.clone(),
        guest: lane.guest_version(),
        model_version: lane.model_version(),
        engine: lane.engine.engine.name(),
        counter_start: counter_start(),
        payload_bytes_max: lane.profile.payload_bytes_max,
        shards,
        substituted: observed.substituted(),
    };
    let pipeline = &prepared.pipeline;
    let binding = lane.own().binding.clone();
    let mut journey = Journey::new(pipeline, binding, origin, Arc::clone(router));
    for further in lane.further() {
        if let Some(model) = &further.model {
            let binding = further.binding.clone();
            journey.allow(model.name.clone(), binding, model.model_version());
        }
    }
    journey
}

/// Microseconds since 1970: larger than any number that an earlier run counted up to, at up to a million messages a second.
fn counter_start() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(0)
}

fn devices(prepared: &PreparedPipeline) -> BTreeMap<DeviceId, Result<usize, Reason>> {
    let refused = |words: String| Reason::new(RejectCode::ProfileRefused, words);
    let devices = prepared.devices.iter();
    devices
        .map(|(device, lane)| (device.clone(), lane.clone().map_err(refused)))
        .collect()
}

fn facts(prepared: &PreparedPipeline) -> Facts {
    let own = &prepared.lanes[0];
    Facts {
        name: prepared.pipeline.name.to_string(),
        topic: prepared.pipeline.topic.pattern.clone(),
        filter: prepared.pipeline.topic.filter.clone(),
        engine: own.engine.engine.to_string(),
        guest: own.guest_version(),
        model: own.model_version(),
        further_models: own
            .further()
            .iter()
            .filter_map(PreparedModel::version)
            .collect(),
        profile: own.profile.name.to_string(),
    }
}

impl Opened {
    /// The session that these pipelines need.
    pub(crate) fn session(&self, embedded: Option<u16>) -> SessionConfig {
        link::session(&self.settings, self.intake.router(), embedded)
    }

    /// Connects and begins to work. A broker that is not there yet is waited for.
    pub(crate) fn start(
        mut self,
        session: SessionConfig,
        started: Instant,
    ) -> anyhow::Result<Node> {
        let broker = link::broker(&session, &self.settings.broker);
        let Session {
            deliveries,
            sink,
            observer,
            control,
        } = Session::start(session)?;
        self.intake.connect(&sink);
        let node = &self.settings.node;
        let telemetry = Arc::new(Telemetry {
            node: node.name.to_string(),
            topic: topics::health(&node.root, &node.name),
            started,
            observer,
            broker,
            life: Arc::new(Life::begin()),
            pipelines: self.watched,
        });
        let publishing = Arc::clone(&telemetry).publish(sink.clone(), node.health_interval);
        let pulses = self.intake.pulses();
        let intake = tokio::spawn(self.intake.run(deliveries));
        let life = service::watch(Arc::clone(&telemetry.life), pulses, intake.abort_handle());
        Ok(Node {
            publishing: tokio::spawn(publishing),
            intake,
            life: tokio::spawn(life),
            telemetry,
            control,
            drain_deadline: node.drain_deadline,
        })
    }
}

impl Node {
    /// What is observed of the link to the broker.
    pub(crate) fn observer(&self) -> Observer {
        self.telemetry.observer.clone()
    }

    /// How long the drain may take.
    pub(crate) fn drain_deadline(&self) -> Duration {
        self.drain_deadline
    }

    /// Takes no more messages, finishes and publishes what was taken, says `offline`, and disconnects.
    pub(crate) async fn drain(self) -> DrainReport {
        self.telemetry.life.end();
        self.control.close_intake();
        let begin = Instant::now();
        if tokio::time::timeout(self.drain_deadline, self.intake)
            .await
            .is_err()
        {
            tracing::warn!("messages still wait for their guests at the end of the drain");
        }
        self.publishing.abort();
        let left = self.drain_deadline.saturating_sub(begin.elapsed());
        let report = self.control.drain(left).await;
        self.life.abort();
        report
    }
}
