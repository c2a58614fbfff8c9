//! Any ONNX model, inside the sandbox, through tract.
//!
//! Inputs and outputs are the model's own, by position. A first dimension that varies (the batch)
//! is fixed to 1 where the tensor has others; any other that varies is taken as it comes. Booleans
//! travel as `u8`. What needs a file beside the model, or a random number, is refused: a guest has
//! neither. Numbers that are not normal are computed as IEEE 754 says: WebAssembly cannot flush
//! them to zero.

#[cfg(target_arch = "wasm32")]
mod kernels;
mod plan;
mod proto;
mod sandbox;
mod signature;
mod tensors;

use plan::Plan;
use signature::Signature;
use weir_guest::{Error, Guest, Inputs, Load, ManifestSpec, Outputs, abi_version};

weir_guest::export!(Onnx, model);

/// The guest: a model that is ready to run.
pub struct Onnx {
    signature: Signature,
    plan: Plan,
}

impl Guest for Onnx {
    const MANIFEST: ManifestSpec = ManifestSpec {
        name: "onnx",
        version: env!("CARGO_PKG_VERSION"),
        abi: abi_version(),
        model_format: "onnx",
        inputs: &[],
        outputs: &[],
        state: &[],
        labels: &[],
        features: &[
            "bulk-memory",
            "nontrapping-float-to-int",
            "reference-types",
            "sign-extension",
            "simd",
        ],
    };

    fn predict(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        let inputs = self.signature.read(inputs)?;
        self.signature.count_outputs(outputs.count())?;
        tensors::write(&self.plan.run(inputs)?, outputs)
    }
}

impl Load for Onnx {
    fn load(model: &'static [u8]) -> Result<Self, Error> {
        sandbox::prepare();
        let graph = proto::parse(model)?;
        let (signature, plan) = plan::compile(graph)?;
        Ok(Self { signature, plan })
    }
}
