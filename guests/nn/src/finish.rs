//! From a graph's output to what a pipeline's result says.

mod boxes;
mod softmax;

use alloc::{format, vec::Vec};

use nn_graph::{BOX_NUMBERS, Finish, Graph, GraphTensor};
use weir_guest::{DType, Error, Outputs};

use crate::{
    memory::{len, zeros},
    prepare::Placement,
    wasi_nn::GraphExecutionContext,
};
use boxes::BoxFinisher;

/// What is done after the graph ran.
#[derive(Debug)]
pub(crate) enum Finisher {
    /// Nothing.
    AsIs,
    /// The first output becomes probabilities.
    Softmax {
        /// How many of them belong together.
        classes: usize,
    },
    /// The one output becomes boxes.
    Boxes {
        /// The graph's output.
        candidates: Vec<f32>,
        /// What chooses among them.
        finisher: BoxFinisher,
    },
}

impl Finisher {
    pub(crate) fn new(graph: &Graph) -> Result<Self, Error> {
        let first = || {
            let dims = graph.outputs.first().map(|output| output.dims.as_slice());
            dims.ok_or_else(|| Error::ModelCorrupt("it has no outputs".into()))
        };
        Ok(match &graph.finish {
            Finish::AsIs => Self::AsIs,
            Finish::Softmax => Self::Softmax {
                classes: len(first()?.last().copied().unwrap_or(1))?,
            },
            Finish::Boxes(boxes) => {
                let &[_, numbers, count] = first()? else {
                    return Err(Error::ModelCorrupt("its output holds no boxes".into()));
                };
                Self::Boxes {
                    candidates: zeros(len(numbers)? * len(count)?)?,
                    finisher: BoxFinisher::new(boxes, len(numbers)? - 4, len(count)?)?,
                }
            }
        })
    }

    /// Reads the graph's outputs and writes the guest's. `placement` is where the image lies in the graph's input.
    pub(crate) fn finish(
        &mut self,
        graph: &Graph,
        placement: Option<Placement>,
        context: &GraphExecutionContext,
        outputs: &mut Outputs<'_>,
    ) -> Result<(), Error> {
        match self {
            Self::AsIs => pass_outputs(graph, context, outputs),
            Self::Softmax { classes } => {
                pass_outputs(graph, context, outputs)?;
                let logits = outputs.f32(0, &graph.outputs[0].dims)?;
                logits.chunks_exact_mut(*classes).for_each(softmax::softmax);
                Ok(())
            }
            Self::Boxes {
                candidates,
                finisher,
            } => {
                counted(outputs.count(), 1)?;
                read(context, 0, bytemuck::cast_slice_mut(candidates))?;
                let placement = placement.ok_or(Error::ModelState("boxes without an image"))?;
                let boxes = finisher.choose(candidates, placement);
                let count = u32::try_from(boxes.len()).map_err(|_| Error::OutOfMemory)?;
                let out = outputs.f32(0, &[count, BOX_NUMBERS])?;
                out.copy_from_slice(boxes.as_flattened());
                Ok(())
            }
        }
    }
}

fn pass_outputs(
    graph: &Graph,
    context: &GraphExecutionContext,
    outputs: &mut Outputs<'_>,
) -> Result<(), Error> {
    counted(outputs.count(), graph.outputs.len())?;
    let mut result = Ok(());
    for (position, GraphTensor { dtype, dims, .. }) in graph.outputs.iter().enumerate() {
        let dtype = DType::from_code(*dtype).ok_or(Error::ModelState("an unknown type"))?;
        let target = outputs.bytes(position, dtype, dims);
        result = result.and(target.and_then(|target| read(context, position, target)));
    }
    result
}

fn read(context: &GraphExecutionContext, position: usize, out: &mut [u8]) -> Result<(), Error> {
    let failed =
        |words: alloc::string::String| Error::Failed(format!("output {position}: {words}").into());
    let index = u32::try_from(position).map_err(|_| Error::TooManyTensors)?;
    let written = context
        .get_output(index, out)
        .map_err(|cause| failed(format!("{cause}")))?;
    if written == out.len() {
        return Ok(());
    }
    let expected = out.len();
    Err(failed(format!(
        "the backend gave {written} bytes, not {expected}"
    )))
}

fn counted(got: usize, expected: usize) -> Result<(), Error> {
    if got == expected {
        return Ok(());
    }
    Err(Error::OutputCount { expected, got })
}

#[cfg(test)]
mod tests;
