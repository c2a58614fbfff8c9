//! Guest `nn`, in both builds, over graphs that tract computes on the host.

mod detector;
mod refusals;
mod tensors;

use std::sync::Arc;

use guest_abi::DType;
use nn_graph::Graph;
use weir_engine::{
    Engine, Equipment, Guest, InvokeError, Limits, NnProvider, OpenError, Signature, Tensor,
    TensorRef,
};
use weir_nn::{Backend, Bounds, Graphs, Tract};

use super::built;
use crate::bench::{limits, wasmi, wasmtime};

const MIB: u64 = 1024 * 1024;

/// Each build on the engine that it is made for.
fn builds() -> [(Box<dyn Engine>, &'static str, &'static str); 2] {
    [
        (Box::new(wasmtime()), "wasm32-unknown-unknown", "nn"),
        (Box::new(wasmi()), "wasm32v1-none", "nn-scalar"),
    ]
}

/// Opens a build over a model that the host has under the graph's name.
fn open(
    (engine, target, name): &(Box<dyn Engine>, &str, &str),
    graph: &Graph,
    onnx: &[u8],
) -> Guest {
    try_open(
        (engine.as_ref(), target, name),
        graph,
        provider(graph, onnx),
    )
    .expect("it opens")
}

fn try_open(
    (engine, target, name): (&dyn Engine, &str, &str),
    graph: &Graph,
    nn: Arc<dyn NnProvider>,
) -> Result<Guest, OpenError> {
    let mut code = built(target, "nn");
    assert_eq!(code.manifest.name, name);
    code.name = name.to_owned();
    let signature = Signature::new(graph.guest_inputs(), graph.guest_outputs(), Vec::new());
    let signature = Arc::new(signature.expect("a sound description"));
    let limits = Limits {
        memory_bytes_max: 64 * MIB,
        input_bytes_max: 1024 * 1024,
        model_bytes_max: 1024 * 1024,
        simd: engine.enforces().simd,
        ..limits()
    };
    let equipment = Equipment {
        model: None,
        nn: Some(nn),
    };
    let module = engine.load(&code, &equipment, &limits).expect("it loads");
    let model = graph.encode().expect("a sound description");
    Guest::open(module.as_ref(), signature, Some(&model), &limits)
}

fn provider(graph: &Graph, onnx: &[u8]) -> Arc<dyn NnProvider> {
    let prepared = Tract.prepare(graph, onnx).expect("a sound model");
    let bounds = Bounds {
        contexts_max: 1,
        tensor_bytes_max: 1024 * 1024,
    };
    Graphs::new(vec![(graph.name.clone(), prepared)], bounds).provider()
}

fn predict(
    guest: &mut Guest,
    dtype: DType,
    dims: &[u32],
    data: &[u8],
) -> Result<Tensor, InvokeError> {
    let mut outputs = Vec::new();
    guest.predict(&[TensorRef { dtype, dims, data }], None, &mut outputs)?;
    Ok(outputs.remove(0))
}
