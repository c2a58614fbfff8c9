//! tract outside of the sandbox, on the thread that asks.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use guest_abi::DType;
use tract_onnx::prelude::*;

use super::{Runner, Turn, floats, repeat};
use crate::network::Network;

pub(crate) struct Native {
    memory: TypedSimpleState,
    input: Tensor,
    _values: Arc<[u8]>,
}

/// What is needed on the thread that computes.
pub(crate) struct Plan {
    onnx: Arc<[u8]>,
    values: Arc<[u8]>,
    dims: Vec<usize>,
    dtype: DatumType,
}

impl Plan {
    pub(crate) fn of(network: &Network) -> Result<Self> {
        let dims = network.input.dims.iter().copied().map(usize::try_from);
        Ok(Self {
            onnx: Arc::clone(&network.onnx),
            values: Arc::clone(&network.values),
            dims: dims.collect::<Result<_, _>>()?,
            dtype: if network.input.is(DType::F32) {
                DatumType::F32
            } else {
                DatumType::U8
            },
        })
    }

    pub(crate) fn open(self) -> Result<Native> {
        let model = tract_onnx::onnx().model_for_read(&mut &*self.onnx);
        let model = model
            .and_then(|model| model.into_optimized())
            .and_then(|model| model.into_runnable())
            .map_err(failed)?;
        let mut input = Tensor::zero_dt(self.dtype, &self.dims).map_err(failed)?;
        input.as_bytes_mut().copy_from_slice(&self.values);
        Ok(Native {
            memory: model.spawn().map_err(failed)?,
            input,
            _values: self.values,
        })
    }
}

impl Runner for Native {
    fn turn(&mut self, turn: Duration) -> Result<Turn> {
        let mut output = None;
        let calls_ms = repeat(turn, || {
            let input = self.input.clone().into_tvalue();
            output = self
                .memory
                .run(tvec!(input))
                .map_err(failed)?
                .into_iter()
                .next();
            Ok(())
        })?;
        let output = output.context("no output")?;
        Ok(Turn {
            calls_ms,
            output: floats(output.as_bytes()),
            ..Turn::default()
        })
    }
}

fn failed(error: TractError) -> anyhow::Error {
    anyhow!("{error:#}")
}
