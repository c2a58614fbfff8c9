//! Int8 networks in microcontroller-class memory: dense, convolution, depthwise convolution, pools,
//! softmax.
//!
//! A model is a file of [`int8_network`], made by `weir model pack --int8`. It states one input and
//! one output, both `f32`; the guest quantises the one and dequantises the other. The weights are used
//! where they lie in the model's buffer, the working memory is reserved once, while the model is
//! loaded.
//!
//! Only integers and IEEE 754 additions, subtractions, multiplications and divisions are used, so
//! that every engine gives the same bits.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, vec::Vec};

use int8_network::{Fault, Memory, Network, Step};
use weir_guest::{Dims, Error, Guest, Inputs, Load, ManifestSpec, Outputs, abi_version};

weir_guest::export!(TinyNn, model);
weir_guest::growing_heap!();

/// The guest: a network with the memory that it works in.
pub struct TinyNn {
    network: Network<'static>,
    steps: Vec<Step<'static>>,
    activations: Vec<i8>,
    scratch: Vec<i64>,
}

impl Guest for TinyNn {
    const MANIFEST: ManifestSpec = ManifestSpec {
        name: "tinynn",
        version: env!("CARGO_PKG_VERSION"),
        abi: abi_version(),
        model_format: "int8-network",
        inputs: &[],
        outputs: &[],
        state: &[],
        labels: &[],
        features: &[],
    };

    fn predict(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        counted(inputs.count(), outputs.count())?;
        let dims = inputs.dims(0)?;
        if *dims != *self.network.input_dims() {
            return Err(Error::InputShape {
                input: 0,
                expected: Dims::new(self.network.input_dims())
                    .map_or("another shape".into(), |dims| format!("{dims}").into()),
                got: dims,
            });
        }
        let input = inputs.f32(0)?;
        let output = outputs.f32(0, self.network.output_dims())?;
        let mut memory = Memory {
            activations: &mut self.activations,
            scratch: &mut self.scratch,
        };
        let ran = self
            .network
            .run_steps(&self.steps, &mut memory, input, output);
        ran.map_err(|fault| Error::Failed(format!("the network did not run: {fault}").into()))
    }
}

impl Load for TinyNn {
    fn load(model: &'static [u8]) -> Result<Self, Error> {
        let network = Network::read(model).map_err(refused)?;
        Ok(Self {
            activations: zeros(network.activation_bytes())?,
            scratch: zeros(network.scratch_words())?,
            steps: steps(&network)?,
            network,
        })
    }
}

fn counted(inputs: usize, outputs: usize) -> Result<(), Error> {
    if inputs != 1 {
        return Err(Error::InputCount {
            expected: 1,
            got: inputs,
        });
    }
    if outputs != 1 {
        return Err(Error::OutputCount {
            expected: 1,
            got: outputs,
        });
    }
    Ok(())
}

fn refused(fault: Fault) -> Error {
    let words = format!("{fault}").into();
    if matches!(fault, Fault::Version { .. } | Fault::TooManyLayers { .. }) {
        Error::ModelUnsupported(words)
    } else {
        Error::ModelCorrupt(words)
    }
}

/// The layers as they were checked, so that an inference need not read them anew.
fn steps(network: &Network<'static>) -> Result<Vec<Step<'static>>, Error> {
    let mut steps = Vec::new();
    let layers = usize::from(network.header().layers);
    steps
        .try_reserve_exact(layers)
        .map_err(|_| Error::OutOfMemory)?;
    for step in network.steps() {
        steps.push(step.map_err(refused)?);
    }
    Ok(steps)
}

fn zeros<T: Clone + Default>(count: usize) -> Result<Vec<T>, Error> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(count)
        .map_err(|_| Error::OutOfMemory)?;
    values.resize(count, T::default());
    Ok(values)
}

#[cfg(test)]
mod tests;
