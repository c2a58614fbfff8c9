//! From an ONNX file and calibration data to a packed network.

use crate::{
    Agreement, Comparison, PackError, RangeKind, Runner, Samples,
    calibrate::Calibration,
    lower::{FloatNet, Work, lower},
    onnx::OnnxFile,
    quantise::{draft, shape_words},
};

/// How far packing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// So many samples went through the graph.
    Calibrated {
        /// So far.
        done: usize,
        /// Altogether.
        count: usize,
    },
    /// So many samples went through the int8 network.
    Compared {
        /// How its ranges were taken.
        range: RangeKind,
        /// So far.
        done: usize,
        /// Altogether.
        count: usize,
    },
}

/// A packed network.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// The file.
    pub file: Vec<u8>,
    /// How its ranges were taken.
    pub range: RangeKind,
    /// What came of it.
    pub agreement: Agreement,
    /// What was tried, with what came of it; the one that was taken is among them.
    pub tried: Vec<(RangeKind, Agreement)>,
    /// Its layers.
    pub layers: Vec<LayerReport>,
    /// The name of the graph's input.
    pub input: String,
    /// The name of the graph's output.
    pub output: String,
    /// Whether its output is probabilities.
    pub softmax: bool,
}

/// One layer, for people and scripts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LayerReport {
    /// The node of the graph that it began as.
    pub node: String,
    /// The operators of the graph that went into it, in order.
    pub operators: Vec<String>,
    /// Height × width × channels of its input.
    pub input: String,
    /// Height × width × channels of its output.
    pub output: String,
    /// Weights and biases.
    pub parameters: usize,
    /// Multiply-accumulates of an inference.
    pub macs: u64,
}

/// Packs the graph, with ranges of this kind, or with those that agree better on the calibration data.
///
/// # Errors
/// Fails where the graph is none that int8 networks can compute, or the data do not fit it.
pub fn pack(
    onnx: &OnnxFile,
    samples: &Samples,
    range: Option<RangeKind>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Packed, PackError> {
    let net = lower(onnx)?;
    samples.fit(&net.input.dims)?;
    let calibration = Calibration::run(onnx, &net, samples, progress)?;
    let kinds = match range {
        Some(kind) => vec![kind],
        None => vec![RangeKind::MinMax, RangeKind::Percentile],
    };
    let mut tried = Vec::new();
    let mut best: Option<(Vec<u8>, RangeKind, Agreement)> = None;
    for kind in kinds {
        let file = draft(&net, &calibration, kind)?
            .write()
            .map_err(|cause| PackError::Draft(cause.to_string()))?;
        let agreement = compare(&file, samples, &calibration, kind, progress)?;
        tried.push((kind, agreement));
        let is_better = best
            .as_ref()
            .is_none_or(|(.., best)| agreement.is_better_than(best));
        if is_better {
            best = Some((file, kind, agreement));
        }
    }
    let (file, range, agreement) = best.ok_or(PackError::Empty)?;
    Ok(Packed {
        file,
        range,
        agreement,
        tried,
        layers: reports(&net),
        input: net.input.value,
        output: net.output.value,
        softmax: net.softmax,
    })
}

fn compare(
    file: &[u8],
    samples: &Samples,
    calibration: &Calibration,
    range: RangeKind,
    progress: &mut dyn FnMut(Progress),
) -> Result<Agreement, PackError> {
    let broken = |cause: crate::RunError| PackError::Draft(cause.to_string());
    let mut runner = Runner::open(file).map_err(broken)?;
    let mut comparison = Comparison::default();
    let count = calibration.outputs.len();
    for (done, (sample, expected)) in samples.iter().zip(&calibration.outputs).enumerate() {
        let found = runner.run(sample).map_err(broken)?;
        comparison.add(expected, &found);
        progress(Progress::Compared {
            range,
            done: done + 1,
            count,
        });
    }
    Ok(comparison.agreement())
}

fn reports(net: &FloatNet) -> Vec<LayerReport> {
    net.layers
        .iter()
        .map(|layer| LayerReport {
            node: layer.node.clone(),
            operators: layer.operators.clone(),
            input: shape_words(layer.input),
            output: shape_words(layer.output),
            parameters: match &layer.work {
                Work::Linear(linear) => linear.weights.len() + linear.bias.len(),
                Work::MaxPool(_) | Work::AveragePool(..) | Work::Mean | Work::Reshape => 0,
            },
            macs: layer.multiplications(),
        })
        .collect()
}
