mod check;
mod error;
mod graph;
mod written;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use guest_abi::TensorInfo;
use weir_profile::ModelName;

pub use error::ModelError;

use crate::file;

/// The greatest size of a `model.toml`.
const MANIFEST_BYTES_MAX: usize = 1 << 20;

/// A model, read and checked against its `model.toml`.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name.
    pub name: ModelName,
    /// Its version.
    pub version: String,
    /// Its licence, as its author states it.
    pub license: String,
    /// The format of its bytes, which a guest must load ("onnx").
    pub format: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// The labels of the first output's elements; may be empty.
    pub labels: Vec<String>,
    /// Its inputs, in order.
    pub inputs: Vec<ModelInput>,
    /// Its outputs, in order.
    pub outputs: Vec<ModelOutput>,
    /// What a guest does around the graph, where the host runs it.
    pub graph: GraphUse,
    /// Inputs with the outputs that they must give.
    pub golden: Option<Golden>,
    /// The file that it was read from.
    pub file: PathBuf,
}

impl Model {
    /// Its bytes, for a guest that loads them itself.
    #[must_use]
    pub(crate) fn for_guest(&self) -> weir_engine::GuestModel {
        weir_engine::GuestModel {
            sha256: self.sha256,
            bytes: Arc::clone(&self.bytes),
        }
    }
}

/// What a guest does around a graph that the host runs for it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GraphUse {
    /// It makes the input of an image; none = it takes the graph's inputs as they are.
    pub image: Option<ImageInput>,
    /// It softmaxes the first output.
    pub softmax: bool,
    /// It makes boxes of the output.
    pub boxes: Option<nn_graph::Boxes>,
}

/// How a guest makes the input of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageInput {
    /// The greatest number of pixels of an image.
    pub pixels_max: u32,
    /// The way to the graph's height and width.
    pub fit: nn_graph::Fit,
}

/// An input of a model, and how it wants to be fed.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInput {
    /// Name, type and sizes.
    pub info: TensorInfo,
    /// Where the channels lie; none = the sizes leave no doubt.
    pub layout: Option<Layout>,
    /// Mean of the training data, one for all channels or one for each; empty = 0.
    pub mean: Vec<f32>,
    /// Standard deviation of the training data, likewise; empty = 1.
    pub std: Vec<f32>,
}

/// Where the channels of an input lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// In the first dimension after the batch.
    ChannelsFirst,
    /// In the last dimension.
    ChannelsLast,
}

/// An output of a model, and what its numbers are.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelOutput {
    /// Name, type and sizes.
    pub info: TensorInfo,
    /// What its numbers are.
    pub meaning: Meaning,
}

/// What the numbers of an output are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Before softmax.
    Logits,
    /// They add up to 1.
    Probabilities,
    /// Numbers as they are.
    Score,
}

/// Inputs with the outputs that they must give: little-endian, one case after the other, tensors in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Golden {
    /// The number of cases.
    pub count: u32,
    /// The file of inputs.
    pub inputs: PathBuf,
    /// The file of outputs.
    pub outputs: PathBuf,
    /// The greatest difference of an element.
    pub tolerance: f32,
}

impl Model {
    /// `name@version`, as results carry it.
    #[must_use]
    pub fn model_version(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// Reads the model in a folder.
///
/// # Errors
/// Fails where `model.toml` or the model's file cannot be read, or do not fit together.
pub fn read_model(folder: &Path, name: &ModelName, bytes_max: usize) -> Result<Model, ModelError> {
    let path = folder.join("model.toml");
    let unreadable = |path: &Path| {
        let (model, path) = (name.clone(), path.to_path_buf());
        move |cause| ModelError::Unreadable { model, path, cause }
    };
    let text = file::read(&path, MANIFEST_BYTES_MAX).map_err(unreadable(&path))?;
    let text = String::from_utf8_lossy(&text);
    let written = written::parse(&text).map_err(|(line, message)| ModelError::Syntax {
        model: name.clone(),
        path: path.clone(),
        line,
        message,
    })?;
    let invalid = |(key, fault): (String, String)| ModelError::Invalid {
        model: name.clone(),
        path: path.clone(),
        key,
        fault,
    };
    let facts = check::check(name, &written).map_err(invalid)?;
    let file = folder.join(&written.file);
    let bytes = file::read(&file, bytes_max).map_err(unreadable(&file))?;
    let sha256 = file::sha256(&bytes);
    if file::sha256_hex(&sha256) != written.sha256.to_ascii_lowercase() {
        return Err(ModelError::Digest {
            model: name.clone(),
            file,
            stated: written.sha256,
            found: file::sha256_hex(&sha256),
        });
    }
    let golden = check::golden(folder, &written, &facts).map_err(invalid)?;
    Ok(Model {
        name: name.clone(),
        version: written.version,
        license: written.license,
        format: written.format,
        sha256,
        bytes: bytes.into(),
        labels: written.labels,
        inputs: facts.inputs,
        outputs: facts.outputs,
        graph: facts.graph,
        golden,
        file,
    })
}
