//! A pipeline's promises against its model's demands: checked once, at the start, so that a message can only
//! fail for what is in the message.

mod error;
mod facts;
mod fit;
mod form;
mod frame;
mod scaling;

use guest_abi::{DType, TensorInfo};
use weir_engine::Signature;
use weir_profile::{Codec, Decode, FloatPolicy, Pipeline, Scaling, Window};

pub use self::{
    error::BindError,
    facts::{InputFacts, Layout, ModelFacts},
};
pub(crate) use self::{
    fit::{Dim, Laid, elements, flat_dims, lay, match_dims, words},
    form::Form,
    frame::Frame,
};
use crate::{decode::Decoder, prepare::Preparation};

/// How a pipeline's payloads become its model's inputs, and its outputs a result. Cheap to clone for each shard.
#[derive(Debug, Clone)]
pub struct Binding {
    pub(crate) decoder: Decoder,
    pub(crate) inputs: Vec<InputPlan>,
    pub(crate) window: Option<Window>,
    pub(crate) floats: FloatPolicy,
    pub(crate) labels: Vec<String>,
    pub(crate) softmax: bool,
}

/// How one input is filled.
#[derive(Debug, Clone)]
pub(crate) struct InputPlan {
    pub(crate) name: String,
    pub(crate) dtype: DType,
    pub(crate) dims: Vec<Dim>,
    pub(crate) layout: Option<Layout>,
    pub(crate) bytes_max: usize,
    pub(crate) form: Form,
    pub(crate) preparation: Preparation,
}

impl Binding {
    /// Checks that the codec's values, through the window, make exactly what the model takes.
    ///
    /// # Errors
    /// Fails where they do not, and names the key of the configuration that is at odds with the model.
    pub fn new(
        pipeline: &Pipeline,
        signature: &Signature,
        facts: &ModelFacts,
    ) -> Result<Self, BindError> {
        let given: Vec<&TensorInfo> = signature.given_inputs().collect();
        check_count(pipeline, &given)?;
        let inputs: Vec<InputPlan> = given
            .iter()
            .map(|info| InputPlan::new(pipeline, info, facts.input(&info.name), given.len()))
            .collect::<Result<_, _>>()?;
        let result = &pipeline.result;
        let labels = result.labels.as_ref().unwrap_or(&facts.labels).clone();
        check_labels(pipeline, &labels, signature)?;
        Ok(Self {
            decoder: Decoder::new(pipeline, &inputs)?,
            inputs,
            window: pipeline.window,
            floats: pipeline.decode.floats,
            labels,
            softmax: result.softmax.unwrap_or(facts.logits),
        })
    }

    /// The shape of each input that this binding makes, in words, for `weir check` and `weir explain`.
    #[must_use]
    pub fn shapes(&self) -> Vec<String> {
        let words = |input: &InputPlan| {
            format!(
                "{} {} {}",
                input.name,
                input.dtype.name(),
                fit::words(&input.dims)
            )
        };
        self.inputs.iter().map(words).collect()
    }
}

impl InputPlan {
    fn new(
        pipeline: &Pipeline,
        info: &TensorInfo,
        facts: Option<&InputFacts>,
        inputs: usize,
    ) -> Result<Self, BindError> {
        let Decode { codec, scaling, .. } = &pipeline.decode;
        let key = |key: &str| format!("pipeline.{}.{key}", pipeline.name);
        let dtype = info.dtype().ok_or_else(|| BindError::InputType {
            input: info.name.clone(),
            dtype: info.dtype,
        })?;
        if inputs > 1 && *scaling != Scaling::default() {
            return Err(BindError::ScalingOfMany {
                key: key("decode"),
                inputs,
            });
        }
        let dims: Vec<Dim> = info
            .dims
            .iter()
            .map(|dim| u32::try_from(*dim).ok())
            .collect();
        let layout = facts.and_then(|facts| facts.layout);
        let form = Form::new(codec, pipeline.window, &dims, layout)
            .map_err(|mismatch| mismatch.error(pipeline, &info.name, &dims, layout))?;
        let preparation = scaling::preparation(scaling, facts, &form, &dims)
            .map_err(|fault| fault.error(key("decode"), &info.name))?;
        let bytes_max = usize::try_from(info.len_max).unwrap_or(usize::MAX);
        if let Form::Window { laid, .. } = &form {
            let bytes = fit::elements(&laid.dims).saturating_mul(dtype.bytes());
            if bytes > bytes_max {
                return Err(BindError::TooLarge {
                    key: key("window.size"),
                    input: info.name.clone(),
                    bytes,
                    bytes_max,
                });
            }
        }
        Ok(Self {
            name: info.name.clone(),
            dtype,
            dims,
            layout,
            bytes_max,
            form,
            preparation,
        })
    }
}

fn check_count(pipeline: &Pipeline, given: &[&TensorInfo]) -> Result<(), BindError> {
    let codec = match pipeline.decode.codec {
        Codec::Json { .. } => "json",
        Codec::Cbor { .. } => "cbor",
        Codec::Image(_) => "image",
        Codec::Raw { .. } => "raw",
        Codec::Postcard => "postcard",
    };
    let several = match pipeline.decode.codec {
        Codec::Json { .. } | Codec::Cbor { .. } | Codec::Image(_) | Codec::Raw { .. } => false,
        Codec::Postcard => pipeline.window.is_none(),
    };
    if given.len() == 1 || (several && given.len() > 1) {
        return Ok(());
    }
    Err(BindError::InputCount {
        key: format!("pipeline.{}.decode.codec", pipeline.name),
        codec,
        windowed: pipeline.window.is_some(),
        names: given.iter().map(|info| info.name.clone()).collect(),
    })
}

/// The labels must be as many as the first output has elements, where it says so.
fn check_labels(
    pipeline: &Pipeline,
    labels: &[String],
    signature: &Signature,
) -> Result<(), BindError> {
    let Some(output) = signature.given_outputs().next() else {
        return Ok(());
    };
    let fixed: Option<Vec<u32>> = output
        .dims
        .iter()
        .enumerate()
        .map(|(axis, dim)| match dim {
            -1 if axis == 0 && output.dims.len() > 1 => Some(1),
            dim => u32::try_from(*dim).ok(),
        })
        .collect();
    match fixed.map(|dims| fit::elements(&dims)) {
        Some(elements) if !labels.is_empty() && elements != labels.len() => {
            Err(BindError::Labels {
                key: format!("pipeline.{}.result.labels", pipeline.name),
                labels: labels.len(),
                output: output.name.clone(),
                elements,
            })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
