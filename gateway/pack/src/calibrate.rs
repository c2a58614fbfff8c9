//! The ranges of values, observed while the graph runs on the calibration data.

mod histogram;

use histogram::Histogram;

use crate::{
    PackError, Progress, Samples,
    lower::FloatNet,
    onnx::OnnxFile,
    reference::{Reference, floats},
};

/// Elements of outputs that are kept for comparison.
const KEPT_MAX: usize = 1 << 26;
/// The share of a value's elements that a percentile range keeps.
const PERCENTILE: f64 = 0.9999;

/// How a range is taken from what was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RangeKind {
    /// From the least to the greatest element.
    MinMax,
    /// Without the outermost ten thousandth of the elements: finer steps, the outliers saturate.
    Percentile,
}

/// What was observed on the calibration data.
pub(crate) struct Calibration {
    /// By value: the input, then each layer that has a range of its own.
    observed: Vec<(String, Histogram)>,
    /// The graph's output for each sample.
    pub(crate) outputs: Vec<Vec<f32>>,
}

impl RangeKind {
    /// The word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MinMax => "minmax",
            Self::Percentile => "percentile",
        }
    }
}

impl Calibration {
    /// Runs every sample through the graph.
    pub(crate) fn run(
        onnx: &OnnxFile,
        net: &FloatNet,
        samples: &Samples,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, PackError> {
        let values = ranged(net);
        let asked = with_output(&values, &net.output.value);
        let dims = &net.input.dims;
        let reference = Reference::open(onnx, &net.input.value, dims, &asked[1..])?;
        let mut observed: Vec<(String, Histogram)> = values
            .into_iter()
            .map(|value| (value, Histogram::default()))
            .collect();
        let mut outputs = Vec::new();
        let count = samples.count();
        for (number, sample) in samples.iter().enumerate() {
            observed[0].1.observe(sample);
            let given = reference.run(sample)?;
            for ((_, histogram), value) in observed[1..].iter_mut().zip(&given) {
                histogram.observe(floats(value)?);
            }
            let last = asked
                .iter()
                .position(|value| *value == net.output.value)
                .and_then(|at| given.get(at.checked_sub(1)?));
            let output = last.ok_or(PackError::Empty).and_then(floats)?;
            if outputs.len() < (KEPT_MAX / output.len().max(1)).max(1) {
                outputs.push(output.to_vec());
            }
            progress(Progress::Calibrated {
                done: number + 1,
                count,
            });
        }
        Ok(Self { observed, outputs })
    }

    /// The range of a value, 0 included.
    pub(crate) fn range(&self, value: &str, kind: RangeKind) -> Result<(f32, f32), PackError> {
        let found = self.observed.iter().find(|(name, _)| name == value);
        let range = found.map(|(_, histogram)| match kind {
            RangeKind::MinMax => histogram.extremes(),
            RangeKind::Percentile => histogram.percentile(PERCENTILE),
        });
        match range {
            Some((min, max)) if min.is_finite() && max.is_finite() => {
                Ok((min.min(0.0), max.max(0.0)))
            }
            Some(_) => Err(PackError::Range {
                value: value.to_owned(),
                fault: "not finite",
            }),
            None => Err(PackError::Range {
                value: value.to_owned(),
                fault: "not observed",
            }),
        }
    }
}

/// The input, and every value that a layer with a range of its own ends in.
fn ranged(net: &FloatNet) -> Vec<String> {
    let mut values = vec![net.input.value.clone()];
    let own = net.layers.iter().filter(|layer| layer.has_own_range());
    for name in own.map(|layer| &layer.value) {
        if !values.contains(name) {
            values.push(name.clone());
        }
    }
    values
}

/// The values that the graph is asked for: the input first, which is not asked for, and its output.
fn with_output(values: &[String], output: &str) -> Vec<String> {
    let mut asked = values.to_vec();
    if !asked.iter().any(|value| value == output) {
        asked.push(output.to_owned());
    }
    asked
}
