//! The way of a message within a node, from what the network gave to what the outbox takes.

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};
use bytes::Bytes;
use guest_abi::{DType, Manifest, TensorInfo};
use sha2::{Digest, Sha256};
use weir_engine::{Engine, Equipment, Guest, GuestCode, GuestOrigin, Limits, Signature, Tensor};
use weir_health::Observed;
use weir_pipeline::{Arrival, Binding, Journey, Kind, ModelFacts, Origin, Router, Step, Timing};
use weir_pool::{Clock, GuestSource, Runner};
use weir_profile::Settings;
use weir_transport::{Acknowledge, Message, Outgoing, Properties, QoS, Text, Ticket};

use crate::{
    counter::{Tally, tally},
    payload::{Codec, ELEMENTS},
};

const LABELS: [&str; 4] = ["normal", "imbalance", "bearing_fault", "looseness"];

/// What one message cost, by stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stages {
    /// Topic, ticket and the pipelines that take the message.
    pub(crate) accept: Tally,
    pub(crate) decode: Tally,
    pub(crate) guest: Tally,
    /// The result and the message that carries it.
    pub(crate) result: Tally,
}

impl Stages {
    /// Everything behind the decoder.
    pub(crate) fn after_decode(&self) -> Tally {
        self.guest + self.result
    }
}

/// One pipeline with its guest.
pub(crate) struct Route {
    settings: Settings,
    router: Arc<Router>,
    journey: Journey,
    guest: Guest,
    outputs: Vec<Tensor>,
    payload: Bytes,
    topic: Bytes,
    clock: Clock,
    source: GuestSource,
    transport: Arc<dyn Acknowledge>,
}

/// A transport that has nobody to acknowledge to.
struct Nobody;

impl Acknowledge for Nobody {
    fn settled(&self, _sequence: u64) {}

    fn abandoned(&self, _sequence: u64) {}
}

impl Route {
    pub(crate) fn open(engine: &dyn Engine, codec: Codec, format: &str) -> Result<Self> {
        let text = format!(
            "[pipeline.bands]\ntopic = \"sensors/{{device}}/bands\"\nprofile = \"edge-server\"\n\
             guest = \"fixed\"\ndecode = {{ {} }}\nresult = {{ format = \"{format}\", top_k = 3 }}\n",
            codec.decode()
        );
        let loaded = weir_profile::parse(&text).map_err(|findings| anyhow!("{findings:?}"))?;
        let settings = loaded.settings;
        let router = Arc::new(Router::new(&settings.pipelines, "weir")?);
        let source = source(engine, &settings)?;
        let (module, limits) = (&*source.module, &source.limits);
        let guest = Guest::open(module, Arc::clone(&source.signature), None, limits)?;
        Ok(Self {
            journey: journey(&settings, &source.signature, &router)?,
            settings,
            router,
            guest,
            outputs: Vec::new(),
            payload: codec.payload()?,
            topic: Bytes::from_static(b"sensors/pump-7/bands"),
            clock: Clock::start(),
            source,
            transport: Arc::new(Nobody),
        })
    }

    /// One message, each stage by itself. What leaves is given back, for the caller to keep or to drop.
    pub(crate) fn message(&mut self) -> Result<(Stages, Vec<Outgoing>)> {
        let mut leaving = Vec::with_capacity(2);
        let mut stages = Stages::default();
        let begin = tally();
        let (message, ticket) = self.accepted()?;
        let routed = self.router.route(&message).next();
        let device = routed.map(|routed| routed.device);
        let Some(Ok(device)) = device else {
            return Err(anyhow!("the topic names no device"));
        };
        let accepted = self.clock.now();
        let arrival = Arrival {
            message: &message,
            device: &device,
            accepted,
        };
        let decode = tally();
        stages.accept = decode - begin;
        let step = self.journey.take(arrival);
        let guest = tally();
        stages.decode = guest - decode;
        ensure!(matches!(step, Step::Infer), "not decoded: {step:?}");
        let inputs = self.journey.inputs();
        self.guest.predict(&inputs, None, &mut self.outputs)?;
        let result = tally();
        stages.guest = result - guest;
        let timing = Timing {
            infer_us: 7,
            finished_us: self.clock.now().monotonic_us,
        };
        let settled = self.journey.finish(arrival, &self.outputs, timing);
        let is_result = matches!(settled.kind, Kind::Result(_));
        leaving.extend(settled.into_outgoing(ticket));
        stages.result = tally() - result;
        ensure!(is_result, "a reject");
        Ok((stages, leaving))
    }

    /// The same by the code that a guest's thread runs, counts and states included: what it asks for in `messages`
    /// messages that were accepted before.
    pub(crate) fn thread(&self, messages: usize) -> Result<Tally> {
        let observed = Arc::new(Observed::new("bands".to_owned()));
        let journey = journey(&self.settings, &self.source.signature, &self.router)?;
        let mut runner = Runner::open(
            self.source.clone(),
            journey,
            NonZeroUsize::MIN,
            observed,
            self.clock,
        )?;
        let mut asked = Tally::default();
        for number in 0..2 * messages {
            let (message, ticket) = self.accepted()?;
            let device = "pump-7".parse()?;
            let before = tally();
            let settled = runner.run(&message, Ok(device), Instant::now());
            if let Some(settled) = settled {
                settled.into_outgoing(ticket).for_each(drop);
            }
            // The first half brings every buffer to its size.
            if number >= messages {
                asked = asked + (tally() - before);
            }
        }
        Ok(asked)
    }

    fn accepted(&self) -> Result<(Message, Ticket)> {
        let message = Message {
            topic: Text::try_from(self.topic.clone())?,
            payload: self.payload.clone(),
            qos: QoS::AtLeastOnce,
            retained: false,
            duplicate: false,
            properties: Properties::default(),
        };
        Ok((message, Ticket::new(Arc::clone(&self.transport), 0)))
    }
}

fn journey(settings: &Settings, signature: &Signature, router: &Arc<Router>) -> Result<Journey> {
    let pipeline = &settings.pipelines[0];
    let facts = ModelFacts {
        labels: LABELS.map(str::to_owned).to_vec(),
        ..ModelFacts::default()
    };
    let binding = Binding::new(pipeline, signature, &facts)?;
    let origin = Origin {
        node: settings.node.name.clone(),
        root: settings.node.root.clone(),
        guest: "fixed@1.0.0".to_owned(),
        model_version: None,
        engine: "wasmi",
        counter_start: 1_795_255_200_000_000,
        payload_bytes_max: 4096,
        shards: NonZeroUsize::MIN,
        substituted: Arc::default(),
    };
    Ok(Journey::new(pipeline, binding, origin, Arc::clone(router)))
}

fn source(engine: &dyn Engine, settings: &Settings) -> Result<GuestSource> {
    let wasm = wat::parse_str(include_str!("guest.wat"))?;
    let tensor = |name: &str, elements: i32| TensorInfo {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: vec![1, elements],
        len_max: 4096,
    };
    let (inputs, outputs) = (
        vec![tensor("bands", i32::from(ELEMENTS))],
        vec![tensor("class", 4)],
    );
    let signature = Signature::new(inputs.clone(), outputs.clone(), Vec::new())?;
    let manifest = Manifest {
        name: "fixed".to_owned(),
        version: "1.0.0".to_owned(),
        abi: guest_abi::abi_version(),
        model_format: String::new(),
        inputs,
        outputs,
        state: Vec::new(),
        labels: Vec::new(),
        features: Vec::new(),
    };
    let code = GuestCode {
        name: "fixed".to_owned(),
        sha256: Sha256::digest(&wasm).into(),
        wasm: wasm.into(),
        manifest: Arc::new(manifest),
        origin: GuestOrigin::Memory,
    };
    let profile = &settings.profiles[&settings.pipelines[0].profile];
    let limits = Limits {
        call_deadline: Duration::from_secs(60),
        ..profile.limits.clone()
    };
    Ok(GuestSource {
        name: "fixed@1.0.0".to_owned(),
        module: engine.load(&code, &Equipment::default(), &limits)?,
        signature: Arc::new(signature),
        model: None,
        limits,
    })
}
