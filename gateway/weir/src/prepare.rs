//! Settings → pipelines that are ready to open: guests admitted, models read, engines chosen, shapes agreed. What
//! `run` relies on, and what `check`, `explain` and `test` look at.

use std::{collections::BTreeMap, error::Error, path::PathBuf, sync::Arc};

use weir_pipeline::Router;
use weir_profile::{
    DeviceId, Finding, Loaded, ModelName, Pipeline, ProfileName, Settings, Severity,
};
use weir_store::Store;

use crate::{
    engines::Engines,
    lane::{PreparedLane, prepare_lane},
};

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

/// What keeps a pipeline from being prepared, and the key of the pipeline that it is about.
pub(crate) struct Fault {
    key: &'static str,
    words: String,
    /// The model that it is about, where it is not the pipeline's own.
    further_model: Option<ModelName>,
}

impl Fault {
    pub(crate) fn new(key: &'static str, error: &dyn Error) -> Self {
        Self {
            key,
            words: chain(error),
            further_model: None,
        }
    }

    /// The same of a model that is not the pipeline's own.
    pub(crate) fn of_further_model(mut self, model: &ModelName) -> Self {
        self.further_model = Some(model.clone());
        if self.key == "model" {
            self.key = "models";
        }
        self
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
        let further = self.further_model.as_ref();
        let further = further.map(|model| format!("with model {model}: "));
        let words = format!("{}{words}", further.unwrap_or_default());
        let mut finding = finding(severity, &key, words, "");
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
