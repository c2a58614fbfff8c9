use prost::DecodeError;

/// Why an ONNX file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum OnnxError {
    /// Beyond what is read.
    #[error("the file has {bytes} bytes, {bytes_max} are read at most")]
    TooLarge { bytes: usize, bytes_max: usize },
    /// Other bytes, or not all of them.
    #[error("the file is not an ONNX model, or is cut off")]
    NotOnnx(#[source] DecodeError),
    /// Only the frame.
    #[error("the file is not an ONNX model: it has no graph")]
    NoGraph,
    /// Nothing says what its operators mean.
    #[error(
        "the model does not say which operator set it uses: the file is cut off, or older than ONNX 1.0"
    )]
    NoOpset,
    /// Nothing is computed.
    #[error("the model's graph has no nodes")]
    NoNodes,
    /// Beyond what is looked at.
    #[error("the model's graph has {nodes} nodes, {nodes_max} are read at most")]
    TooManyNodes { nodes: usize, nodes_max: usize },
    /// Sparse weights.
    #[error("the model has sparse weights: export it with dense ones")]
    Sparse,
    /// Weights elsewhere.
    #[error("the weights {tensor:?} lie in another file: export the model as one file")]
    External { tensor: String },
    /// Sizes that no tensor has.
    #[error("the weights {tensor:?} have the sizes {dims:?}, which no tensor can have")]
    Dims { tensor: String, dims: Vec<i64> },
    /// More or fewer numbers than the sizes say.
    #[error(
        "the weights {tensor:?} hold {found} bytes or elements, their sizes {dims:?} need {expected}"
    )]
    Cut {
        tensor: String,
        dims: Vec<i64>,
        found: usize,
        expected: usize,
    },
    /// A value from nowhere: missing weights, a cycle, nodes out of order.
    #[error(
        "node {node:?} uses {value:?}, which nothing before it makes (a weight is missing, or the graph has a cycle)"
    )]
    Undefined { node: String, value: String },
    /// Two nodes make one value.
    #[error("the value {value:?} is made twice")]
    MadeTwice { value: String },
    /// An output from nowhere.
    #[error("the model's output {output:?} is made by nothing in its graph")]
    NoOutput { output: String },
}
