//! One pipeline under one device profile: its guest admitted, its models read and bound, its engine chosen.

use std::sync::Arc;

use weir_engine::{Equipment, GuestCode, Signature};
use weir_pipeline::{Binding, InputFacts, Layout, ModelFacts};
use weir_pool::{GuestSource, Guests};
use weir_profile::{EngineDecision, Isolation, Loaded, ModelName, Pipeline, Profile, ProfileName};
use weir_store::{Meaning, Model, Store};

use crate::{engines::Engines, graphs, prepare::Fault};

/// One pipeline under one device profile.
pub(crate) struct PreparedLane {
    pub(crate) profile: Profile,
    pub(crate) engine: EngineDecision,
    pub(crate) code: GuestCode,
    pub(crate) isolation: Isolation,
    /// The pipeline's own, and after it those that a message may name.
    pub(crate) models: Vec<PreparedModel>,
}

/// The guest of a lane with one of its models, or with none where it loads none.
pub(crate) struct PreparedModel {
    pub(crate) model: Option<Model>,
    pub(crate) signature: Arc<Signature>,
    pub(crate) binding: Binding,
}

/// Prepares a pipeline under one device profile.
pub(crate) fn prepare_lane(
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
    let own = prepare_model(pipeline, pipeline.model.as_ref(), &code, &profile, store)?;
    let mut models = vec![own];
    for name in &pipeline.models {
        let further = prepare_model(pipeline, Some(name), &code, &profile, store);
        models.push(further.map_err(|fault| fault.of_further_model(name))?);
    }
    Ok(PreparedLane {
        profile,
        engine,
        code,
        isolation: pipeline.isolation,
        models,
    })
}

fn prepare_model(
    pipeline: &Pipeline,
    name: Option<&ModelName>,
    code: &GuestCode,
    profile: &Profile,
    store: &Store,
) -> Result<PreparedModel, Fault> {
    let model = name.map(|name| store.model(name, profile)).transpose();
    let model = model.map_err(|error| Fault::new("model", &error))?;
    weir_store::fits(code, model.as_ref()).map_err(|error| Fault::new("model", &error))?;
    let signature = weir_store::signature(code, model.as_ref());
    let signature = signature.map_err(|error| Fault::new("guest", &error))?;
    let facts = facts(code, model.as_ref());
    let binding = Binding::new(pipeline, &signature, &facts);
    let binding = binding.map_err(|error| Fault::new("", &error))?;
    Ok(PreparedModel {
        model,
        signature: Arc::new(signature),
        binding,
    })
}

impl PreparedLane {
    /// Makes the guest ready on its engine with each model: compiles it, or takes it from the cache.
    pub(crate) fn load(&self, engines: &Engines) -> anyhow::Result<Guests> {
        let models = self.models.iter();
        let sources = models.map(|model| self.load_with(model, engines));
        Ok(Guests {
            sources: sources.collect::<anyhow::Result<_>>()?,
            isolation: self.isolation,
            memory_bytes_max: self.profile.loaded_models_bytes_max,
        })
    }

    /// Makes the guest ready with one of its models.
    pub(crate) fn load_with(
        &self,
        prepared: &PreparedModel,
        engines: &Engines,
    ) -> anyhow::Result<GuestSource> {
        let engine = engines
            .get(self.engine.engine)
            .expect("an engine is chosen among those here");
        let model = prepared.model.as_ref();
        let told = model.map(|model| weir_store::guest_model(&self.code, model));
        let equipment = Equipment {
            model: told.transpose()?,
            nn: graphs::equip(&self.code, &self.profile, model)?,
        };
        Ok(GuestSource {
            name: self.guest_with(prepared),
            module: engine.load(&self.code, &equipment, &self.profile.limits)?,
            signature: Arc::clone(&prepared.signature),
            model: equipment.model.map(|model| model.bytes),
            limits: self.profile.limits.clone(),
        })
    }

    /// The pipeline's own model, or that the guest has none.
    pub(crate) fn own(&self) -> &PreparedModel {
        &self.models[0]
    }

    /// The models that a message may name beside the pipeline's own.
    pub(crate) fn further(&self) -> &[PreparedModel] {
        &self.models[1..]
    }

    /// Guest and model: `onnx@1.0.0 with vibration@1.0.0`.
    pub(crate) fn guest_with(&self, prepared: &PreparedModel) -> String {
        let model = prepared.version().map(|model| format!(" with {model}"));
        format!("{}{}", self.guest_version(), model.unwrap_or_default())
    }

    /// `name@version` of the guest.
    pub(crate) fn guest_version(&self) -> String {
        format!("{}@{}", self.code.manifest.name, self.code.manifest.version)
    }

    /// `name@version` of the pipeline's own model.
    pub(crate) fn model_version(&self) -> Option<String> {
        self.own().version()
    }
}

impl PreparedModel {
    /// `name@version` of the model.
    pub(crate) fn version(&self) -> Option<String> {
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
    let facts = ModelFacts {
        inputs: inputs.collect(),
        logits: model
            .outputs
            .first()
            .is_some_and(|output| output.meaning == Meaning::Logits),
        labels: model.labels.clone(),
    };
    graphs::left_to_do(code, model, facts)
}
