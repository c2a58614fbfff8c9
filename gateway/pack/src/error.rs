use crate::OnnxError;

/// Why a model cannot be packed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum PackError {
    /// The file cannot be read.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// More than one way in or out, or other elements than `f32`.
    #[error("the model's {side} are {found}: an int8 network has one {wanted}")]
    Edges {
        side: &'static str,
        found: String,
        wanted: &'static str,
    },
    /// A value goes more than one way, or two values meet.
    #[error(
        "the value {value:?} is used by {users}: an int8 network is one chain of layers; use guest onnx under an sbc profile for graphs with branches"
    )]
    Branch { value: String, users: String },
    /// An operator that an int8 network does not have, or not so.
    #[error("operator {operator} (node {node:?}) {fault}: {advice}")]
    Operator {
        operator: String,
        node: String,
        fault: String,
        advice: String,
    },
    /// Nothing to compute.
    #[error("nothing between the model's input and its output computes anything")]
    Empty,
    /// The calibration data.
    #[error("the calibration data {0}")]
    Samples(String),
    /// tract cannot run the graph.
    #[error("the model cannot be run on the calibration data: {0}")]
    Reference(String),
    /// The value of a layer is not finite, or has no range.
    #[error("the value {value:?} is {fault} on the calibration data")]
    Range { value: String, fault: &'static str },
    /// The weights do not go into `i8`.
    #[error("the weights of node {node:?} {fault}")]
    Weights { node: String, fault: String },
    /// The network is too large for the format.
    #[error("the int8 network cannot be written: {0}")]
    Draft(String),
}
