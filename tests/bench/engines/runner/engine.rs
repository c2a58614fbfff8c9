use anyhow::{Context, Result};
use guest_abi::DType;
use weir_engine::{Engine, Guest, State, Tensor, TensorRef};

use super::Runner;
use crate::{
    engines,
    workload::{Workload, floats},
};

/// A guest on an engine, driven as a node drives it.
pub(crate) struct EngineRunner {
    guest: Guest,
    state: State,
    dims: Vec<u32>,
    inputs: Vec<Vec<u8>>,
    outputs: Vec<Tensor>,
}

impl EngineRunner {
    pub(crate) fn open(engine: &dyn Engine, workload: &Workload) -> Result<Self> {
        let module = engines::load(engine, workload)?;
        Ok(Self::of(
            engines::open(module.as_ref(), workload)?,
            workload,
        ))
    }

    pub(crate) fn of(guest: Guest, workload: &Workload) -> Self {
        Self {
            guest,
            state: State::initial(&workload.signature),
            dims: workload.dims.clone(),
            inputs: workload.inputs.clone(),
            outputs: Vec::new(),
        }
    }
}

impl Runner for EngineRunner {
    fn infer(&mut self, input: usize) -> Result<()> {
        let input = TensorRef {
            dtype: DType::F32,
            dims: &self.dims,
            data: self.inputs.get(input).context("an input")?,
        };
        self.guest
            .predict(&[input], Some(&mut self.state), &mut self.outputs)?;
        Ok(())
    }

    fn output(&mut self) -> Result<Vec<f32>> {
        let first = self.outputs.first().context("no output")?;
        Ok(floats(&first.data))
    }
}
