//! Guests that have the host run their model: what is admitted, and what they are told.

use guest_abi::Manifest;
use nn_graph::{Finish, Fit, Graph, GraphError, Layout, Prepare};
use weir_store::{
    DescribeError, FitError, Model, ModelError, describe, fits, guest_model, signature,
};

use crate::{
    models::read,
    support::{EXPORTS, admitted, manifest, module, profile, refused, with_manifest},
};

/// The profile grants tract.
const GRANTED: &str = "pi-4";
const NOT_GRANTED: &str = "cortex-m4-256k";

const DETECTOR: &str = r#"
name = "small"
version = "1.0.0"
license = "Apache-2.0"
file = "model.onnx"
format = "onnx"
sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
labels = ["drone", "bird"]

[[inputs]]
name = "images"
dtype = "f32"
dims = [-1, 3, 64, 64]
len_max = 49152
std = [255.0]

[[outputs]]
name = "output0"
dtype = "f32"
dims = [1, 6, 84]

[graph]
image = { pixels_max = 307200, fit = "letterbox" }
boxes = { boxes_max = 20, candidates_max = 100, confidence_min = 0.25, iou_max = 0.5 }
"#;

fn detector() -> Model {
    read(DETECTOR, 100).expect("it is sound")
}

fn told_of_graphs() -> Manifest {
    Manifest {
        model_format: nn_graph::FORMAT.to_owned(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        features: vec![nn_graph::FEATURE.to_owned()],
        ..manifest()
    }
}

fn importing(name: &str, ty: &str) -> String {
    let load = r#"(func (export "load_model") (param i32 i32) (result i32) i32.const 0)"#;
    format!(r#"(import "wasi_ephemeral_nn" "{name}" (func {ty})) {EXPORTS} {load}"#)
}

#[test]
fn a_guest_may_reach_for_graphs_where_its_profile_grants_a_backend() {
    let text = importing("compute", "(param i32) (result i32)");
    let admitted = |profile_name| {
        let wasm = with_manifest(module(&text), &told_of_graphs());
        admitted(wasm, &profile(profile_name))
    };
    assert!(admitted(GRANTED).is_ok());
    let error = admitted(NOT_GRANTED).expect_err("it grants none");
    assert_eq!(error.code(), "guest_nn_not_granted");
    assert!(error.to_string().contains("nn_backend"), "{error}");
}

#[test]
fn a_guest_says_which_numbers_its_types_have() {
    let text = importing("compute", "(param i32) (result i32)");
    let silent = Manifest {
        features: Vec::new(),
        ..told_of_graphs()
    };
    let error = refused(&text, &silent, GRANTED);
    assert_eq!(error.code(), "guest_feature_not_listed");
    assert!(error.to_string().contains("wasi-nn-witx"), "{error}");
}

#[test]
fn the_functions_have_their_own_signatures() {
    let cases = [
        ("compute", "(param i32)"),
        ("compute", "(param i32 i32) (result i32)"),
        ("load", "(param i32 i32 i32 i32 i64) (result i32)"),
    ];
    for (name, ty) in cases {
        let error = refused(&importing(name, ty), &told_of_graphs(), GRANTED);
        assert_eq!(error.code(), "guest_import_type", "{name} {ty}");
    }
    let text = importing("get_output_by_name", "(param i32) (result i32)");
    assert_eq!(
        refused(&text, &told_of_graphs(), GRANTED).code(),
        "guest_import"
    );
}

#[test]
fn a_detector_is_described_to_its_guest() {
    let model = detector();
    let graph = describe(&model).expect("it can be");
    assert_eq!(graph.inputs[0].dims, [1, 3, 64, 64], "the batch is 1");
    let Prepare::Image(image) = &graph.prepare else {
        panic!("{:?}", graph.prepare);
    };
    assert_eq!(
        (image.layout, image.fit),
        (Layout::ChannelsFirst, Fit::Letterbox)
    );
    assert_eq!(image.std, [255.0]);
    assert!(matches!(&graph.finish, Finish::Boxes(boxes) if boxes.boxes_max == 20));

    let wasm = with_manifest(
        module(&importing("compute", "(param i32) (result i32)")),
        &told_of_graphs(),
    );
    let guest = admitted(wasm, &profile(GRANTED)).expect("admitted");
    fits(&guest, Some(&model)).expect("they go together");
    let told = guest_model(&guest, &model).expect("it can be told");
    assert_eq!(Graph::decode(&told.bytes), Ok(graph));
    let signature = signature(&guest, Some(&model)).expect("sound");
    assert_eq!(signature.inputs()[0].dims, [1, -1, -1, 3]);
    assert_eq!(signature.outputs()[0].dims, [-1, 6]);
}

#[test]
fn a_guest_that_loads_the_bytes_gets_the_bytes() {
    let model = detector();
    let loads = Manifest {
        model_format: "onnx".to_owned(),
        features: Vec::new(),
        ..told_of_graphs()
    };
    let load = r#"(func (export "load_model") (param i32 i32) (result i32) i32.const 0)"#;
    let wasm = with_manifest(module(&format!("{EXPORTS} {load}")), &loads);
    let guest = admitted(wasm, &profile(GRANTED)).expect("admitted");
    let told = guest_model(&guest, &model).expect("it has bytes");
    assert_eq!((&*told.bytes, told.sha256), (&*model.bytes, model.sha256));
}

#[test]
fn what_the_host_cannot_run_is_refused_with_the_reason() {
    let mut other = detector();
    other.format = "int8-network".to_owned();
    assert!(matches!(
        describe(&other),
        Err(DescribeError::Format { .. })
    ));
    let mut other = detector();
    other.inputs[0].info.dims = vec![1, 3, -1, 64];
    let error = describe(&other).expect_err("a size varies");
    assert!(matches!(error, DescribeError::Varies { .. }), "{error}");
    let mut other = detector();
    other.inputs[0].info.dims = vec![1, 2, 64, 64];
    assert_eq!(
        describe(&other),
        Err(DescribeError::Unfit(GraphError::Image))
    );

    let wasm = with_manifest(
        module(&importing("compute", "(param i32) (result i32)")),
        &told_of_graphs(),
    );
    let guest = admitted(wasm, &profile(GRANTED)).expect("admitted");
    let error = fits(&guest, Some(&other)).expect_err("it cannot be described");
    assert!(matches!(error, FitError::Undescribed { .. }), "{error}");
}

#[test]
fn what_contradicts_itself_in_a_model_toml_has_its_key() {
    let cases = [
        ("boxes = {", "softmax = true\nboxes = {", "graph"),
        ("\"bird\"]", "\"bird\", \"kite\"]", "labels"),
    ];
    for (from, to, wanted) in cases {
        match read(&DETECTOR.replace(from, to), 100) {
            Err(ModelError::Invalid { key, .. }) => assert_eq!(key, wanted),
            other => panic!("{other:?}"),
        }
    }
    let unknown = DETECTOR.replace("fit = \"letterbox\"", "fit = \"crop\"");
    assert!(matches!(
        read(&unknown, 100),
        Err(ModelError::Syntax { .. })
    ));
}
