//! Settings → pipelines that are ready to open: guests admitted, models read, engines chosen, shapes agreed. What
//! `run` relies on, and what `check`, `explain` and `test` look at.

use std::{collections::BTreeMap, error::Error, path::PathBuf, sync::Arc};

use weir_engine::{Equipment, GuestCode, Signature};
use weir_pipeline::{Binding, InputFacts, Layout, ModelFacts, Router};
use weir_pool::GuestSource;
use weir_profile::{
    DeviceId, EngineDecision, Finding, Loaded, Pipeline, Profile, ProfileName, Settings, Severity,
};
use weir_store::{Meaning, Model, Store};

use crate::engines::Engines;

/// A node's pipelines, ready to open.
pub(crate) struct Prepared {
    pub(crate) settings: Settings,
    pub(crate) router: Arc<Router>,
    pub(crate) pipelines: Vec<PreparedPipeline>,
    pub(crate) warnings: Vec<Finding>,
}

/// One pipeline: a lane for its own profile, and one for each other profile that a device has.
pub(crate) struct PreparedPipeline {
    pub(crate) pipeline: Pipeline,
    /// The file and line that state it.
    pub(crate) place: (Option<PathBuf>, Option<usize>),
    /// The first is that of the pipeline's own profile.
    pub(crate) lanes: Vec<PreparedLane>,
    /// Devices with a profile of their own: their lane, or why they have none.
    pub(crate) devices: BTreeMap<DeviceId, Result<usize, String>>,
}

/// One pipeline under one device profile.
pub(crate) struct PreparedLane {
    pub(crate) profile: Profile,
    pub(crate) engine: EngineDecision,
    pub(crate) code: GuestCode,
    pub(crate) model: Option<Model>,
    pub(crate) signature: Arc<Signature>,
    pub(crate) binding: Binding,
}

/// Prepares every pipeline.
///
/// # Errors
/// Gives every finding, warnings included, where at least one is an error.
pub(crate) fn prepare(loaded: Loaded, engines: &Engines) -> Result<Prepared, Vec<Finding>> {
    let store = Store::new(&loaded.settings.paths);
    let mut findings = loaded.warnings.clone();
    let mut pipelines = Vec::new();
    for pipeline in &loaded.settings.pipelines {
        match prepare_pipeline(pipeline, &loaded, engines, &store, &mut findings) {
            Ok(prepared) => pipelines.push(prepared),
            Err(finding) => findings.push(*finding),
        }
    }
    let settings = loaded.settings;
    let router = Router::new(&settings.pipelines, &settings.node.root);
    match router {
        Ok(router) if !findings.iter().any(Finding::is_error) => {
            findings.extend(
                router
                    .overlaps()
                    .iter()
                    .map(|overlap| finding(Severity::Warning, "pipeline", overlap.to_string(), "")),
            );
            Ok(Prepared {
                settings,
                router: Arc::new(router),
                pipelines,
                warnings: findings,
            })
        }
        Ok(_) => Err(findings),
        Err(error) => {
            findings.push(finding(Severity::Error, "pipeline", chain(&error), ""));
            Err(findings)
        }
    }
}

fn prepare_pipeline(
    pipeline: &Pipeline,
    loaded: &Loaded,
    engines: &Engines,
    store: &Store,
    findings: &mut Vec<Finding>,
) -> Result<PreparedPipeline, Box<Finding>> {
    let located = |fault: Fault| Box::new(fault.finding(pipeline, loaded, Severity::Error));
    let own = prepare_lane(pipeline, &pipeline.profile, loaded, engines, store).map_err(located)?;
    let mut prepared = PreparedPipeline {
        pipeline: pipeline.clone(),
        place: loaded.place(&format!("pipeline.{}", pipeline.name)),
        lanes: vec![own],
        devices: BTreeMap::new(),
    };
    let mut known: BTreeMap<&ProfileName, Result<usize, String>> =
        BTreeMap::from([(&pipeline.profile, Ok(0))]);
    for (device, profile) in &loaded.settings.devices {
        if !known.contains_key(profile) {
            let lane = match prepare_lane(pipeline, profile, loaded, engines, store) {
                Ok(lane) => {
                    prepared.lanes.push(lane);
                    Ok(prepared.lanes.len() - 1)
                }
                Err(fault) => {
                    let mut finding = fault.finding(pipeline, loaded, Severity::Warning);
                    finding.message = format!(
                        "devices with profile {profile} (such as {device}) get rejects from this pipeline: {}",
                        finding.message
                    );
                    findings.push(finding);
                    Err(fault.words)
                }
            };
            known.insert(profile, lane);
        }
        prepared
            .devices
            .insert(device.clone(), known[profile].clone());
    }
    Ok(prepared)
}

fn prepare_lane(
    pipeline: &Pipeline,
    profile: &ProfileName,
    loaded: &Loaded,
    engines: &Engines,
    store: &Store,
) -> Result<PreparedLane, Fault> {
    let profile = loaded.settings.profiles[profile].clone();
    let engine = engines
        .choose(&profile)
        .map_err(|error| Fault::new("profile", &error))?;
    let code = store
        .guest(&pipeline.guest, &profile)
        .map_err(|error| Fault::new("guest", &error))?;
    let model = pipeline
        .model
        .as_ref()
        .map(|name| store.model(name, &profile))
        .transpose();
    let model = model.map_err(|error| Fault::new("model", &error))?;
    weir_store::fits(&code, model.as_ref()).map_err(|error| Fault::new("model", &error))?;
    let signature = weir_store::signature(&code, model.as_ref());
    let signature = signature.map_err(|error| Fault::new("guest", &error))?;
    let facts = facts(&code, model.as_ref());
    let binding = Binding::new(pipeline, &signature, &facts);
    let binding = binding.map_err(|error| Fault::new("", &error))?;
    Ok(PreparedLane {
        profile,
        engine,
        code,
        model,
        signature: Arc::new(signature),
        binding,
    })
}

impl Prepared {
    /// The pipeline of this name; where there is none, says which there are.
    pub(crate) fn pipeline(&self, name: &str) -> Option<&PreparedPipeline> {
        let found = self
            .pipelines
            .iter()
            .find(|known| known.pipeline.name.as_str() == name);
        if found.is_none() {
            let names = self
                .pipelines
                .iter()
                .map(|known| known.pipeline.name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            eprintln!("weir: no pipeline {name:?}; the configuration has: {names}");
        }
        found
    }
}

impl PreparedPipeline {
    /// The lane that serves a device, or why none does.
    pub(crate) fn lane(&self, device: Option<&DeviceId>) -> Result<&PreparedLane, &str> {
        match device.and_then(|device| self.devices.get(device)) {
            None => Ok(&self.lanes[0]),
            Some(Ok(lane)) => Ok(&self.lanes[*lane]),
            Some(Err(words)) => Err(words),
        }
    }
}

impl PreparedLane {
    /// Makes the guest ready on its engine: compiles it, or takes it from the cache.
    pub(crate) fn load(&self, engines: &Engines) -> anyhow::Result<GuestSource> {
        let engine = engines
            .get(self.engine.engine)
            .expect("an engine is chosen among those here");
        let equipment = Equipment {
            model: self.model.as_ref().map(Model::for_guest),
            nn: None,
        };
        Ok(GuestSource {
            module: engine.load(&self.code, &equipment, &self.profile.limits)?,
            signature: Arc::clone(&self.signature),
            model: self.model.as_ref().map(|model| Arc::clone(&model.bytes)),
            limits: self.profile.limits.clone(),
            thread_stack_bytes: engine.thread_stack_bytes(&self.profile.limits),
        })
    }

    /// `name@version` of the guest.
    pub(crate) fn guest_version(&self) -> String {
        format!("{}@{}", self.code.manifest.name, self.code.manifest.version)
    }

    /// `name@version` of the model.
    pub(crate) fn model_version(&self) -> Option<String> {
        self.model.as_ref().map(Model::model_version)
    }
}

fn facts(code: &GuestCode, model: Option<&Model>) -> ModelFacts {
    let Some(model) = model else {
        let labels = code.manifest.labels.clone();
        return ModelFacts {
            labels,
            ..ModelFacts::default()
        };
    };
    let inputs = model.inputs.iter().map(|input| InputFacts {
        name: input.info.name.clone(),
        layout: input.layout.map(|layout| match layout {
            weir_store::Layout::ChannelsFirst => Layout::ChannelsFirst,
            weir_store::Layout::ChannelsLast => Layout::ChannelsLast,
        }),
        mean: input.mean.clone(),
        std: input.std.clone(),
    });
    ModelFacts {
        inputs: inputs.collect(),
        logits: model
            .outputs
            .first()
            .is_some_and(|output| output.meaning == Meaning::Logits),
        labels: model.labels.clone(),
    }
}

/// What keeps a pipeline from being prepared, and the key of the pipeline that it is about.
struct Fault {
    key: &'static str,
    words: String,
}

impl Fault {
    fn new(key: &'static str, error: &dyn Error) -> Self {
        Self {
            key,
            words: chain(error),
        }
    }

    fn finding(&self, pipeline: &Pipeline, loaded: &Loaded, severity: Severity) -> Finding {
        let place = format!("pipeline.{}", pipeline.name);
        // What does not fit a model names its own key.
        let own = self
            .words
            .split_once(": ")
            .filter(|(key, _)| key.starts_with(&place));
        let (key, words) = match (own, self.key) {
            (Some((key, words)), _) => (key.to_owned(), words),
            (None, "") => (place, self.words.as_str()),
            (None, key) => (format!("{place}.{key}"), self.words.as_str()),
        };
        let mut finding = finding(severity, &key, words.to_owned(), "");
        (finding.file, finding.line) = loaded.place(&key);
        finding
    }
}

/// A finding without a place.
pub(crate) fn finding(severity: Severity, key: &str, message: String, help: &str) -> Finding {
    Finding {
        severity,
        file: None,
        line: None,
        column: None,
        key: key.to_owned(),
        message,
        help: help.to_owned(),
    }
}

/// An error with all its causes, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let cause: Option<&dyn Error> = error.source();
    let causes = std::iter::successors(cause, |&cause| cause.source());
    causes.fold(error.to_string(), |words, cause| {
        format!("{words}: {cause}")
    })
}
