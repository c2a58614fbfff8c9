use alloc::format;

use nn_graph::{Graph, GraphTensor};
use weir_guest::{DType, Dims, Error, Guest, Inputs, Load, ManifestSpec, Outputs, abi_version};

use crate::{
    finish::Finisher,
    prepare::Preparer,
    wasi_nn::{self, BackendError, GraphExecutionContext, TensorType},
};

#[cfg(target_feature = "simd128")]
const BUILD: (&str, &[&str]) = (
    "nn",
    &[
        nn_graph::FEATURE,
        "bulk-memory",
        "nontrapping-float-to-int",
        "reference-types",
        "sign-extension",
        "simd",
    ],
);
#[cfg(not(target_feature = "simd128"))]
const BUILD: (&str, &[&str]) = ("nn-scalar", &[nn_graph::FEATURE]);

/// The guest: a graph of the host, and the work around it with its memory.
#[derive(Debug)]
pub struct Nn {
    graph: Graph,
    preparer: Preparer,
    finisher: Finisher,
    /// Of this instance: opened by `weir_open`.
    context: Option<GraphExecutionContext>,
}

impl Guest for Nn {
    const MANIFEST: ManifestSpec = ManifestSpec {
        name: BUILD.0,
        version: env!("CARGO_PKG_VERSION"),
        abi: abi_version(),
        model_format: nn_graph::FORMAT,
        inputs: &[],
        outputs: &[],
        state: &[],
        labels: &[],
        features: BUILD.1,
    };

    fn open(&mut self) -> Result<(), Error> {
        let name = &self.graph.name;
        let graph = wasi_nn::Graph::load_by_name(name);
        let context = graph.and_then(|graph| graph.init_execution_context());
        self.context = Some(context.map_err(|cause| {
            Error::Failed(format!("graph {name:?} cannot be opened: {cause}").into())
        })?);
        Ok(())
    }

    fn predict(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        let context = self
            .context
            .as_mut()
            .ok_or(Error::ModelState("weir_open was not called"))?;
        match &mut self.preparer {
            Preparer::AsIs => pass_inputs(&self.graph, inputs, context)?,
            Preparer::Image(image) => {
                counted(inputs.count(), 1)?;
                let tensor = image.prepare(&inputs.get(0)?)?;
                set_input(context, 0, &self.graph.inputs[0], tensor)?;
            }
        }
        context.compute().map_err(failed)?;
        let placement = self.preparer.placement();
        self.finisher
            .finish(&self.graph, placement, context, outputs)
    }
}

impl Load for Nn {
    fn load(model: &'static [u8]) -> Result<Self, Error> {
        let graph =
            Graph::decode(model).map_err(|cause| Error::ModelCorrupt(format!("{cause}").into()))?;
        let tensors = graph.inputs.iter().chain(&graph.outputs);
        for tensor in tensors {
            if TensorType::of(tensor.dtype).is_none() {
                let words = format!(
                    "{:?} has elements of a type that wasi_ephemeral_nn has no number for",
                    tensor.name
                );
                return Err(Error::ModelUnsupported(words.into()));
            }
        }
        Ok(Self {
            preparer: Preparer::new(&graph)?,
            finisher: Finisher::new(&graph)?,
            graph,
            context: None,
        })
    }
}

/// Where the guest prepares nothing: its inputs are the graph's.
fn pass_inputs(
    graph: &Graph,
    inputs: &Inputs<'_>,
    context: &mut GraphExecutionContext,
) -> Result<(), Error> {
    counted(inputs.count(), graph.inputs.len())?;
    for (position, expected) in graph.inputs.iter().enumerate() {
        let input = inputs.get(position)?;
        if input.dtype.code() != expected.dtype {
            return Err(Error::InputType {
                input: position,
                expected: DType::from_code(expected.dtype).unwrap_or(input.dtype),
                got: input.dtype.code(),
            });
        }
        if *input.dims != *expected.dims {
            return Err(Error::InputShape {
                input: position,
                expected: Dims::new(&expected.dims)
                    .map_or("another shape".into(), |dims| format!("{dims}").into()),
                got: input.dims,
            });
        }
        set_input(context, position, expected, input.bytes)?;
    }
    Ok(())
}

fn set_input(
    context: &mut GraphExecutionContext,
    position: usize,
    tensor: &GraphTensor,
    data: &[u8],
) -> Result<(), Error> {
    let tensor_type = TensorType::of(tensor.dtype).ok_or(BackendError::InvalidArgument);
    let index = u32::try_from(position).map_err(|_| Error::TooManyTensors)?;
    tensor_type
        .and_then(|tensor_type| context.set_input(index, tensor_type, &tensor.dims, data))
        .map_err(|cause| Error::Failed(format!("input {position}: {cause}").into()))
}

fn counted(got: usize, expected: usize) -> Result<(), Error> {
    if got == expected {
        return Ok(());
    }
    Err(Error::InputCount { expected, got })
}

fn failed(cause: BackendError) -> Error {
    Error::Failed(format!("the graph did not run: {cause}").into())
}
