//! How often a model is right.

use crate::{
    OnnxFile, PackError, RunError, Runner, Samples, greatest,
    lower::single_input,
    reference::{Reference, floats},
    share,
};

/// Classes of a model that is evaluated.
const CLASSES_MAX: usize = 1_024;

/// A model that can be run here.
#[derive(Debug, Clone, Copy)]
pub enum Runnable<'m> {
    /// By tract, in floating point.
    Onnx(&'m OnnxFile),
    /// A packed network's file, by the arithmetic of the guest.
    Int8(&'m [u8]),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Evaluation {
    /// Samples.
    pub samples: usize,
    /// Share of them whose greatest output is that of their label.
    pub accuracy: f64,
    /// For each label, how many of its samples got which answer.
    pub confusion: Vec<Vec<usize>>,
}

/// Why a model cannot be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The graph, or the data.
    #[error(transparent)]
    Onnx(#[from] PackError),
    /// The packed network.
    #[error(transparent)]
    Int8(#[from] RunError),
    /// Not as many labels as samples.
    #[error("there are {labels} labels for {samples} samples")]
    Count {
        /// Labels.
        labels: usize,
        /// Samples.
        samples: usize,
    },
    /// A label that no output stands for.
    #[error("there is a label {label}, and the model has {classes} outputs")]
    Label {
        /// The label.
        label: usize,
        /// The outputs.
        classes: usize,
    },
}

/// Runs every sample; `progress` is told how many are done.
///
/// # Errors
/// Fails where the model does not take the data, or the labels are not those of its outputs.
pub fn evaluate(
    model: Runnable<'_>,
    samples: &Samples,
    labels: &[usize],
    progress: &mut dyn FnMut(usize),
) -> Result<Evaluation, EvaluateError> {
    if labels.len() != samples.count() {
        return Err(EvaluateError::Count {
            labels: labels.len(),
            samples: samples.count(),
        });
    }
    let mut machine = Machine::open(model, samples)?;
    let mut confusion: Vec<Vec<usize>> = Vec::new();
    let mut right = 0;
    for (number, (sample, label)) in samples.iter().zip(labels).enumerate() {
        let output = machine.run(sample)?;
        let classes = output.len();
        if confusion.is_empty() && classes <= CLASSES_MAX {
            confusion = vec![vec![0; classes]; classes];
        }
        let found = greatest(&output).unwrap_or(0);
        let cell = confusion.get_mut(*label).and_then(|row| row.get_mut(found));
        let cell = cell.ok_or(EvaluateError::Label {
            label: *label,
            classes,
        })?;
        *cell += 1;
        right += usize::from(found == *label);
        progress(number + 1);
    }
    Ok(Evaluation {
        samples: labels.len(),
        accuracy: share(right, labels.len()),
        confusion,
    })
}

enum Machine<'m> {
    Onnx(Reference),
    Int8(Runner<'m>),
}

impl<'m> Machine<'m> {
    fn open(model: Runnable<'m>, samples: &Samples) -> Result<Self, EvaluateError> {
        Ok(match model {
            Runnable::Onnx(onnx) => {
                let (input, dims) = single_input(onnx)?;
                samples.fit(&dims)?;
                let outputs: Vec<String> = onnx
                    .outputs()
                    .into_iter()
                    .map(|port| port.name)
                    .take(1)
                    .collect();
                Self::Onnx(Reference::open(onnx, &input.name, &dims, &outputs)?)
            }
            Runnable::Int8(file) => {
                let runner = Runner::open(file)?;
                let dims = runner.network().input_dims().iter();
                let dims: Vec<usize> = dims
                    .map(|size| usize::try_from(*size).unwrap_or(usize::MAX))
                    .collect();
                samples.fit(&dims)?;
                Self::Int8(runner)
            }
        })
    }

    fn run(&mut self, sample: &[f32]) -> Result<Vec<f32>, EvaluateError> {
        match self {
            Self::Onnx(reference) => {
                let outputs = reference.run(sample)?;
                let output = outputs.first().ok_or(PackError::Empty)?;
                Ok(floats(output)?.to_vec())
            }
            Self::Int8(runner) => Ok(runner.run(sample)?),
        }
    }
}
