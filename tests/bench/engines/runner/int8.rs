use anyhow::{Context, Result, anyhow};
use int8_network::{Memory, Network};

use super::Runner;
use crate::workload::{Workload, floats};

/// The arithmetic of the guest `tinynn`, compiled for this machine.
pub(super) struct Native<'w> {
    network: Network<'w>,
    activations: Vec<i8>,
    scratch: Vec<i64>,
    inputs: Vec<Vec<f32>>,
    output: Vec<f32>,
}

impl<'w> Native<'w> {
    pub(super) fn new(workload: &'w Workload) -> Result<Self> {
        let model = workload.model.as_ref().context("no model")?;
        let network = Network::read(&model.bytes).map_err(|fault| anyhow!("{fault:?}"))?;
        let outputs: u32 = network.output_dims().iter().product();
        Ok(Self {
            activations: vec![0; network.activation_bytes()],
            scratch: vec![0; network.scratch_words()],
            inputs: workload.inputs.iter().map(|input| floats(input)).collect(),
            output: vec![0.0; usize::try_from(outputs)?],
            network,
        })
    }
}

impl Runner for Native<'_> {
    fn infer(&mut self, input: usize) -> Result<()> {
        let input = self.inputs.get(input).context("an input")?;
        let mut memory = Memory {
            activations: &mut self.activations,
            scratch: &mut self.scratch,
        };
        self.network
            .run(&mut memory, input, &mut self.output)
            .map_err(|fault| anyhow!("{fault:?}"))
    }

    fn output(&mut self) -> Result<Vec<f32>> {
        Ok(self.output.clone())
    }
}
