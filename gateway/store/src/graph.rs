use guest_abi::TensorInfo;
use nn_graph::{Finish, Graph, GraphError, GraphTensor, Image, Prepare};
use weir_engine::{GuestCode, GuestModel};

use crate::{FitError, Layout, Model, file, model::ImageInput};

/// The format of models that the host runs for guests.
const ONNX: &str = "onnx";

/// Why the host cannot run a model for a guest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescribeError {
    /// It is in another format.
    #[error("the host runs models of format {ONNX}, not {format}")]
    Format {
        /// The model's format.
        format: String,
    },
    /// A size varies that is not the batch's.
    #[error(
        "tensor {tensor} has sizes that vary: state them in model.toml, only the first may be -1"
    )]
    Varies {
        /// The tensor.
        tensor: String,
    },
    /// What the model says of its use does not fit its tensors.
    #[error(transparent)]
    Unfit(#[from] GraphError),
}

/// Whether a guest gets, in place of a model's bytes, the description of a graph that the host runs.
#[must_use]
pub fn is_told_of_graphs(guest: &GuestCode) -> bool {
    guest.manifest.model_format == nn_graph::FORMAT
}

/// Whether a guest reaches for graphs of the host: admission holds it to what it lists.
#[must_use]
pub fn reaches_graphs(guest: &GuestCode) -> bool {
    let mut features = guest.manifest.features.iter();
    features.any(|listed| listed == nn_graph::FEATURE)
}

/// What a guest is told of a model that the host runs for it. A first size that varies (the batch) is 1.
///
/// # Errors
/// Fails where the model is not ONNX, another size varies, or its `[graph]` does not fit its tensors.
pub fn describe(model: &Model) -> Result<Graph, DescribeError> {
    if model.format != ONNX {
        return Err(DescribeError::Format {
            format: model.format.clone(),
        });
    }
    let inputs = model.inputs.iter().map(|input| tensor(&input.info));
    let outputs = model.outputs.iter().map(|output| tensor(&output.info));
    let graph = Graph {
        name: model.name.to_string(),
        inputs: inputs.collect::<Result<_, _>>()?,
        outputs: outputs.collect::<Result<_, _>>()?,
        prepare: match model.graph.image {
            Some(image) => Prepare::Image(self::image(model, image)),
            None => Prepare::AsIs,
        },
        finish: match model.graph.boxes {
            Some(boxes) => Finish::Boxes(boxes),
            None if model.graph.softmax => Finish::Softmax,
            None => Finish::AsIs,
        },
    };
    graph.encode()?;
    Ok(graph)
}

/// What `load_model` of a guest gets: the model's bytes, or what it is told of the graph.
///
/// # Errors
/// Fails where the model cannot be described to a guest that is told of graphs.
pub fn guest_model(guest: &GuestCode, model: &Model) -> Result<GuestModel, FitError> {
    if !is_told_of_graphs(guest) {
        return Ok(model.for_guest());
    }
    let graph = describe(model).map_err(|cause| FitError::undescribed(guest, model, cause))?;
    let bytes = graph.encode();
    let bytes = bytes.map_err(|cause| FitError::undescribed(guest, model, cause.into()))?;
    Ok(GuestModel {
        sha256: file::sha256(&bytes),
        bytes: bytes.into(),
    })
}

fn tensor(info: &TensorInfo) -> Result<GraphTensor, DescribeError> {
    let size = |(axis, dim): (usize, &i32)| match u32::try_from(*dim) {
        Ok(dim) => Some(dim),
        Err(_) => (axis == 0 && info.dims.len() > 1).then_some(1),
    };
    let dims: Option<Vec<u32>> = info.dims.iter().enumerate().map(size).collect();
    Ok(GraphTensor {
        name: info.name.clone(),
        dtype: info.dtype,
        dims: dims.ok_or_else(|| DescribeError::Varies {
            tensor: info.name.clone(),
        })?,
    })
}

/// Where no layout is stated and the sizes leave a doubt, channels come first.
fn image(model: &Model, image: ImageInput) -> Image {
    let input = model.inputs.first();
    let last = |input: &crate::ModelInput| match (input.layout, input.info.dims.as_slice()) {
        (Some(layout), _) => layout == Layout::ChannelsLast,
        (None, [_, first, _, last]) => !matches!(first, 1 | 3) && matches!(last, 1 | 3),
        (None, _) => false,
    };
    Image {
        pixels_max: image.pixels_max,
        layout: if input.is_some_and(last) {
            nn_graph::Layout::ChannelsLast
        } else {
            nn_graph::Layout::ChannelsFirst
        },
        fit: image.fit,
        mean: input.map(|input| input.mean.clone()).unwrap_or_default(),
        std: input.map(|input| input.std.clone()).unwrap_or_default(),
    }
}
