use guest_abi::TensorInfo;
use weir_engine::{GuestCode, Signature, SignatureError};

use crate::{
    DescribeError, Model,
    admit::is_of_the_model,
    graph::{describe, is_told_of_graphs},
};

/// Why a guest and a model do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// The guest loads a model, and none is given.
    #[error("guest {guest} needs a model of format {format}: name one by model = \"…\"")]
    ModelMissing {
        /// The guest.
        guest: String,
        /// The format that it loads.
        format: String,
    },
    /// The guest loads no model, and one is given.
    #[error("guest {guest} loads no model: remove model = {model:?}")]
    ModelNotWanted {
        /// The guest.
        guest: String,
        /// The model.
        model: String,
    },
    /// The formats differ.
    #[error("guest {guest} loads models of format {wanted}; model {model} has format {format}")]
    Format {
        /// The guest.
        guest: String,
        /// The format that it loads.
        wanted: String,
        /// The model.
        model: String,
        /// The model's format.
        format: String,
    },
    /// The host cannot run the model for the guest.
    #[error("guest {guest} has the host run its models; model {model} cannot be")]
    Undescribed {
        /// The guest.
        guest: String,
        /// The model.
        model: String,
        /// Why not.
        #[source]
        cause: DescribeError,
    },
}

impl FitError {
    pub(crate) fn undescribed(guest: &GuestCode, model: &Model, cause: DescribeError) -> Self {
        Self::Undescribed {
            guest: guest.name.clone(),
            model: model.name.to_string(),
            cause,
        }
    }
}

/// Whether a guest and a model (or none) go together.
///
/// # Errors
/// Fails where the guest needs a model and there is none, loads none and there is one, or loads another format.
pub fn fits(guest: &GuestCode, model: Option<&Model>) -> Result<(), FitError> {
    let wanted = guest.manifest.model_format.clone();
    let name = guest.name.clone();
    match model {
        None if wanted.is_empty() => Ok(()),
        None => Err(FitError::ModelMissing {
            guest: name,
            format: wanted,
        }),
        Some(model) if wanted.is_empty() => Err(FitError::ModelNotWanted {
            guest: name,
            model: model.name.to_string(),
        }),
        Some(model) if is_told_of_graphs(guest) => match describe(model) {
            Ok(_) => Ok(()),
            Err(cause) => Err(FitError::undescribed(guest, model, cause)),
        },
        Some(model) if model.format == wanted => Ok(()),
        Some(model) => Err(FitError::Format {
            guest: name,
            wanted,
            model: model.name.to_string(),
            format: model.format.clone(),
        }),
    }
}

/// What `predict` takes and gives: as the guest's manifest states it, or the model where the guest leaves it open.
///
/// # Errors
/// Fails where the tensors do not fit together, or nobody states any.
pub fn signature(guest: &GuestCode, model: Option<&Model>) -> Result<Signature, SignatureError> {
    let manifest = &guest.manifest;
    let described = model.filter(|_| is_told_of_graphs(guest)).map(describe);
    let (inputs, outputs) = match (model, described) {
        (_, Some(Ok(graph))) => (graph.guest_inputs(), graph.guest_outputs()),
        (Some(model), _) if is_of_the_model(manifest) => (
            infos(model.inputs.iter().map(|input| &input.info)),
            infos(model.outputs.iter().map(|output| &output.info)),
        ),
        (Some(_) | None, _) => (manifest.inputs.clone(), manifest.outputs.clone()),
    };
    Signature::new(inputs, outputs, manifest.state.clone())
}

fn infos<'i>(infos: impl Iterator<Item = &'i TensorInfo>) -> Vec<TensorInfo> {
    infos.cloned().collect()
}
