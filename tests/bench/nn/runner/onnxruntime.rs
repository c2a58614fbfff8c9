//! ONNX Runtime natively: its library, without Python and without a guest.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use guest_abi::DType;
use ort::{
    session::{Session, builder::GraphOptimizationLevel},
    value::{DynTensor, Tensor},
};

use weir_nn::OnnxRuntime;

use super::{Runner, Turn, repeat};
use crate::network::Network;

pub(crate) struct Native {
    session: Session,
    input: DynTensor,
}

/// What is needed on the thread that computes.
pub(crate) struct Plan {
    library: OnnxRuntime,
    onnx: Arc<[u8]>,
    values: Arc<[u8]>,
    dims: Vec<i64>,
    is_f32: bool,
}

impl Plan {
    pub(crate) fn of(network: &Network, library: OnnxRuntime) -> Self {
        Self {
            library,
            onnx: Arc::clone(&network.onnx),
            values: Arc::clone(&network.values),
            dims: network.input.dims.iter().copied().map(i64::from).collect(),
            is_f32: network.input.is(DType::F32),
        }
    }

    pub(crate) fn open(self) -> Result<Native> {
        let builder = Session::builder(self.library.environment()).map_err(failed)?;
        let level = GraphOptimizationLevel::All;
        let builder = builder.with_optimization_level(level).map_err(failed)?;
        let builder = builder.with_intra_threads(1).map_err(failed)?;
        let mut builder = builder.with_inter_threads(1).map_err(failed)?;
        let input = if self.is_f32 {
            let values = super::floats(&self.values);
            Tensor::from_array((self.dims, values))
                .map_err(failed)?
                .upcast()
        } else {
            let values = self.values.to_vec();
            Tensor::from_array((self.dims, values))
                .map_err(failed)?
                .upcast()
        };
        Ok(Native {
            session: builder.commit_from_memory(&self.onnx).map_err(failed)?,
            input,
        })
    }
}

impl Runner for Native {
    fn turn(&mut self, turn: Duration) -> Result<Turn> {
        let mut output = Vec::new();
        let calls_ms = repeat(turn, || {
            let outputs = self
                .session
                .run(ort::inputs![&self.input])
                .map_err(failed)?;
            let first = outputs.values().next().context("no output")?;
            let (_, values) = first.try_extract_tensor::<f32>().map_err(failed)?;
            output.clear();
            output.extend_from_slice(values);
            Ok(())
        })?;
        Ok(Turn {
            calls_ms,
            output,
            ..Turn::default()
        })
    }
}

fn failed<R>(error: ort::Error<R>) -> anyhow::Error {
    anyhow!("{error}")
}
