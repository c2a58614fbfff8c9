//! What a model is, without running it.

mod shapes;

use int8_network::{Operator, Step};
use serde::Serialize;

use crate::{
    Bill, GuestCosts, LayerReport, OnnxFile, Port, RunError, Runner, lower::lower,
    quantise::shape_words, run::words,
};

/// An ONNX model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OnnxFacts {
    /// What wrote it.
    pub producer: String,
    /// The version of the standard operators.
    pub opset: i64,
    /// Operators with their number of nodes, by name.
    pub operators: Vec<Count>,
    /// What it takes.
    pub inputs: Vec<Port>,
    /// What it gives.
    pub outputs: Vec<Port>,
    /// Weights.
    pub parameters: u64,
    /// Multiply-accumulates of an inference; none where a size is only known while it runs.
    pub macs: Option<u64>,
    /// The first node whose output's size is not known beforehand, where there is one.
    pub unknown_size_at: Option<String>,
    /// Operators that tract, and with it the guest `onnx`, does not have.
    pub operators_missing: Vec<String>,
    /// Why it cannot be packed into an int8 network; none where it can.
    pub packing_refused: Option<String>,
}

/// An operator and how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Its name.
    pub operator: String,
    /// Its nodes or layers.
    pub count: usize,
}

/// A packed network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Int8Facts {
    /// Operators with their number of layers, by name.
    pub operators: Vec<Count>,
    /// Its layers.
    pub layers: Vec<LayerReport>,
    /// The sizes that it takes.
    pub input: Vec<u32>,
    /// The sizes that it gives.
    pub output: Vec<u32>,
    /// Whether it gives probabilities.
    pub softmax: bool,
    /// Multiply-accumulates of an inference.
    pub macs: u64,
    /// The memory of the guest that runs it.
    pub memory: Bill,
}

/// Looks into an ONNX file.
#[must_use]
pub fn inspect_onnx(onnx: &OnnxFile) -> OnnxFacts {
    let work = shapes::work(onnx);
    let counts = onnx.operators();
    OnnxFacts {
        producer: onnx.producer(),
        opset: onnx.opset(),
        operators_missing: missing(&counts),
        operators: counted(counts),
        inputs: onnx.inputs(),
        outputs: onnx.outputs(),
        parameters: onnx.parameters(),
        macs: work.as_ref().ok().copied(),
        unknown_size_at: work.err(),
        packing_refused: lower(onnx).err().map(|error| error.to_string()),
    }
}

/// Looks into a packed network.
///
/// # Errors
/// Fails where the file is none, or not a sound one.
pub fn inspect_int8(file: &[u8]) -> Result<Int8Facts, RunError> {
    let runner = Runner::open(file)?;
    let network = runner.network();
    let mut layers = Vec::new();
    let mut counts = std::collections::BTreeMap::new();
    for (index, step) in network.steps().enumerate() {
        let step = step.map_err(RunError::Network)?;
        let operator = words(&step.operator).to_owned();
        *counts.entry(operator.clone()).or_insert(0) += 1;
        layers.push(LayerReport {
            node: index.to_string(),
            operators: vec![operator],
            input: shape_words(step.input.shape),
            output: shape_words(step.output.shape),
            parameters: parameters(&step),
            macs: step.multiplications(),
        });
    }
    Ok(Int8Facts {
        operators: counted(counts.into_iter().collect()),
        layers,
        input: network.input_dims().to_vec(),
        output: network.output_dims().to_vec(),
        softmax: network.has_softmax(),
        macs: network.multiplications(),
        memory: Bill::of(network, file.len(), GuestCosts::TINYNN),
    })
}

/// Weights and biases of a layer.
fn parameters(step: &Step<'_>) -> usize {
    let input = step.input.shape;
    let (taps, outputs) = match &step.operator {
        Operator::Dense(weights) => (input.elements(), weights.outputs),
        Operator::Convolution(window, weights) => {
            let taps = window.positions() * u64::from(input.channels);
            (taps, weights.outputs)
        }
        Operator::Depthwise(window, weights) => (window.positions(), weights.outputs),
        Operator::MaxPool(..)
        | Operator::AveragePool(..)
        | Operator::Mean(..)
        | Operator::Reshape(_) => (0, 0),
    };
    let count = (taps + 1).saturating_mul(outputs.into());
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn counted(counts: Vec<(String, usize)>) -> Vec<Count> {
    let count = |(operator, count)| Count { operator, count };
    counts.into_iter().map(count).collect()
}

fn missing(counts: &[(String, usize)]) -> Vec<String> {
    let known = tract_onnx::onnx().op_register.0;
    let operators = counts.iter().map(|(operator, _)| operator);
    operators
        .filter(|operator| !known.contains_key(operator.as_str()))
        .cloned()
        .collect()
}
