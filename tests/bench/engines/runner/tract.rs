use anyhow::{Context, Result, anyhow, ensure};
use tract_onnx::prelude::*;

use super::Runner;
use crate::workload::{Workload, floats};

/// tract outside of the sandbox: what the guest `onnx` is made of.
pub(super) struct Native {
    memory: TypedSimpleState,
    inputs: Vec<Tensor>,
    outputs: TVec<TValue>,
}

impl Native {
    pub(super) fn new(workload: &Workload) -> Result<Self> {
        let file = workload.float_model.as_ref().context("no model")?;
        let model = tract_onnx::onnx().model_for_path(file);
        let model = model
            .and_then(|model| model.into_optimized())
            .map_err(failed)?;
        let model = model.into_runnable().map_err(failed)?;
        let dims = workload.dims.iter().copied().map(usize::try_from);
        let dims: Vec<usize> = dims.collect::<Result<_, _>>()?;
        let tensor = |input: &Vec<u8>| Tensor::from_shape(&dims, &floats(input)).map_err(failed);
        Ok(Self {
            memory: model.spawn().map_err(failed)?,
            inputs: workload.inputs.iter().map(tensor).collect::<Result<_>>()?,
            outputs: TVec::new(),
        })
    }
}

impl Runner for Native {
    fn infer(&mut self, input: usize) -> Result<()> {
        let input = self.inputs.get(input).context("an input")?;
        let inputs = tvec!(input.clone().into_tvalue());
        self.outputs = self.memory.run(inputs).map_err(failed)?;
        Ok(())
    }

    fn output(&mut self) -> Result<Vec<f32>> {
        let first = self.outputs.first().context("no output")?;
        ensure!(
            first.datum_type() == DatumType::F32,
            "the output is not f32"
        );
        Ok(floats(first.as_bytes()))
    }
}

fn failed(error: TractError) -> anyhow::Error {
    anyhow!("{error:#}")
}
