use prost::Message;
use tract_onnx::pb::{ModelProto, tensor_proto::DataLocation};
use weir_engine::NnFunction::{Compute, GetOutput, SetInput};
use weir_nn::{Absent, Backend, OnnxRuntime, PrepareError, Tract};

use crate::support::{
    BOUNDS, Guest, HANDLE, INPUT, INPUT_BYTES, OUTPUT, OUTPUT_BYTES, RECORD, description, file,
    floats, provider,
};

const I8: u8 = 3;

fn refused(backend: &dyn Backend, description: &nn_graph::Graph, onnx: &[u8]) -> PrepareError {
    backend
        .prepare(description, onnx)
        .expect_err("it is no model of this description")
}

#[test]
fn what_model_toml_does_not_state_is_refused() {
    refuses_what_it_must(&Tract);
}

fn refuses_what_it_must(backend: &dyn Backend) {
    let onnx = file("model.onnx");
    let mut other = description();
    other.outputs[0].dims = vec![1, 5];
    let words = refused(backend, &other, &onnx).to_string();
    assert!(words.contains("states") && words.contains("1×5"), "{words}");
    let mut other = description();
    other.inputs[0].dims = vec![1, 31];
    refused(backend, &other, &onnx);
    let mut other = description();
    other.inputs.push(other.inputs[0].clone());
    refused(backend, &other, &onnx);
    let mut other = description();
    other.inputs[0].dtype = I8;
    let words = refused(backend, &other, &onnx).to_string();
    assert!(words.contains("elements of i8"), "{words}");
    let error = refused(backend, &description(), b"no model");
    assert!(matches!(error, PrepareError::NotOnnx { .. }), "{error}");
}

#[test]
fn a_model_that_reads_another_file_is_refused() {
    let mut model = ModelProto::decode(&*file("model.onnx")).unwrap();
    let weights = &mut model.graph.as_mut().unwrap().initializer[0];
    weights.data_location = Some(DataLocation::External.into());
    weights.raw_data = Vec::new();
    let error = refused(&Tract, &description(), &model.encode_to_vec());
    assert!(matches!(error, PrepareError::OtherFile { .. }), "{error}");
}

#[test]
fn a_damaged_model_is_an_error() {
    let onnx = file("model.onnx");
    for len in (0..onnx.len()).step_by(97) {
        refused(&Tract, &description(), &onnx[..len]);
    }
}

/// Where ONNX Runtime is installed, it gives what tract gives; where it is not, what to install.
#[test]
fn onnx_runtime_agrees_with_tract_or_says_what_to_install() {
    let backend = match OnnxRuntime::find() {
        Ok(backend) => backend,
        Err(absent) => {
            let words = absent.to_string();
            let named = !matches!(absent, Absent::NotFound { .. });
            assert!(named || words.contains("install ONNX Runtime"), "{words}");
            return;
        }
    };
    refuses_what_it_must(&backend);
    let outputs = |backend: &dyn Backend| {
        let graph = backend
            .prepare(&description(), &file("model.onnx"))
            .unwrap();
        let mut guest = Guest::new(provider(&graph, BOUNDS).open());
        let context = guest.opened();
        let inputs = file("golden/inputs.f32");
        let run = |input: &[u8]| {
            guest.put(INPUT, input);
            assert_eq!(guest.call(SetInput, &[context, 0, RECORD]), 0);
            assert_eq!(guest.call(Compute, &[context]), 0);
            assert_eq!(guest.call(GetOutput, &[context, 0, OUTPUT, 16, HANDLE]), 0);
            floats(guest.get(OUTPUT, OUTPUT_BYTES))
        };
        inputs
            .chunks_exact(INPUT_BYTES)
            .flat_map(run)
            .collect::<Vec<f32>>()
    };
    let (ours, theirs) = (outputs(&Tract), outputs(&backend));
    for (one, other) in ours.iter().zip(&theirs) {
        assert!((one - other).abs() < 1e-4, "{one} and {other}");
    }
}
