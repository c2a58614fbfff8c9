//! Models: what a `model.toml` may say, and what is refused.

use std::{fs, path::Path};

use crate::support::{EXPORTS, admitted, manifest, module, profile, with_manifest};
use weir_profile::ModelName;
use weir_store::{FitError, Layout, Meaning, Model, ModelError, fits, read_model, signature};

const TEXT: &str = r#"
name = "small"
version = "1.0.0"
license = "Apache-2.0"
file = "model.onnx"
format = "onnx"
sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
labels = ["a", "b"]

[[inputs]]
name = "x"
dtype = "f32"
dims = [1, 3, 8]
layout = "channels-first"
mean = [0.0, 0.0, 1.0]
std = [1.0, 1.0, 2.0]

[[outputs]]
name = "y"
dtype = "f32"
dims = [1, 2]
meaning = "logits"

[metrics]
accuracy = 0.9

[golden]
count = 2
inputs = "golden/inputs.f32"
outputs = "golden/outputs.f32"
tolerance = 1e-4
"#;

pub(crate) fn read(text: &str, bytes_max: usize) -> Result<Model, ModelError> {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, bytes: &[u8]| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    };
    write("model.toml", text.as_bytes());
    write("model.onnx", b"abc");
    write("golden/inputs.f32", &[0; 2 * 24 * 4]);
    write("golden/outputs.f32", &[0; 2 * 2 * 4]);
    let name: ModelName = "small".parse().expect("a name");
    read_model(folder.path(), &name, bytes_max)
}

#[test]
fn a_model_is_read_with_all_that_it_states() {
    let model = read(TEXT, 100).unwrap();
    assert_eq!(model.model_version(), "small@1.0.0");
    assert_eq!(&*model.bytes, b"abc");
    assert_eq!(model.inputs[0].layout, Some(Layout::ChannelsFirst));
    assert_eq!(model.inputs[0].info.len_max, 96);
    assert_eq!(model.outputs[0].meaning, Meaning::Logits);
    assert_eq!(model.golden.unwrap().count, 2);
}

#[test]
fn what_a_model_cannot_say_is_refused() {
    let cases = [
        ("name = \"small\"", "name = \"other\"", "name"),
        ("version = \"1.0.0\"", "version = \"a@b\"", "version"),
        ("\"model.onnx\"", "\"../model.onnx\"", "file"),
        ("\"model.onnx\"", "\"/etc/passwd\"", "file"),
        ("\"model.onnx\"", "\"\"", "file"),
        ("sha256 = \"ba", "sha256 = \"", "sha256"),
        ("labels = [\"a\", \"b\"]", "labels = [\"a\"]", "labels"),
        (
            "dtype = \"f32\"\ndims = [1, 3, 8]",
            "dtype = \"f8\"\ndims = [1, 3, 8]",
            "inputs.x.dtype",
        ),
        ("dims = [1, 3, 8]", "dims = [1, 0, 8]", "inputs.x.dims"),
        (
            "dims = [1, 3, 8]",
            "dims = [1, 3, 2147483647]",
            "inputs.x.dims",
        ),
        (
            "dims = [1, 3, 8]",
            "dims = [1, 1, 1, 1, 1, 1, 1, 1, 3]",
            "inputs.x.dims",
        ),
        ("dims = [1, 3, 8]", "dims = [-1, 3, 8]", "inputs.x.len_max"),
        (
            "mean = [0.0, 0.0, 1.0]",
            "mean = [0.0, 0.0]",
            "inputs.x.mean",
        ),
        ("std = [1.0, 1.0, 2.0]", "std = [0.0]", "inputs.x.std"),
        ("std = [1.0, 1.0, 2.0]", "std = [nan]", "inputs.x.std"),
        ("count = 2", "count = 3", "golden.inputs"),
        ("count = 2", "count = 0", "golden.count"),
        (
            "\"golden/inputs.f32\"",
            "\"golden/../../inputs.f32\"",
            "golden.inputs",
        ),
        ("\"golden/inputs.f32\"", "\"absent.f32\"", "golden.inputs"),
    ];
    for (from, to, expected) in cases {
        assert!(TEXT.contains(from), "{from}");
        let error = read(&TEXT.replacen(from, to, 1), 100).unwrap_err();
        assert!(
            matches!(&error, ModelError::Invalid { key, .. } if key == expected),
            "{to}: {error}"
        );
    }
}

#[test]
fn syntax_digest_and_size_are_checked() {
    let error = read(&TEXT.replace("license", "licence"), 100).unwrap_err();
    assert!(
        matches!(&error, ModelError::Syntax { line: 4, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("license"), "{error}");
    let error = read(&TEXT.replace("sha256 = \"ba", "sha256 = \"bb"), 100).unwrap_err();
    assert_eq!(error.code(), "model_digest");
    assert_eq!(read(TEXT, 2).unwrap_err().code(), "model_unreadable");
    let name: ModelName = "small".parse().unwrap();
    assert!(read_model(Path::new("absent"), &name, 1).is_err());
}

#[test]
fn guests_and_models_go_together_or_are_refused() {
    let model = read(TEXT, 100).unwrap();
    let board = profile("pi-4");
    let alone = admitted(with_manifest(module(EXPORTS), &manifest()), &board).unwrap();
    assert!(fits(&alone, None).is_ok());
    assert!(matches!(
        fits(&alone, Some(&model)),
        Err(FitError::ModelNotWanted { .. })
    ));
    assert_eq!(signature(&alone, None).unwrap().inputs()[0].dims, [3]);

    let text = format!(
        r#"{EXPORTS} (func (export "load_model") (param i32 i32) (result i32) i32.const 0)"#
    );
    let mut open = manifest();
    open.model_format = "onnx".to_owned();
    open.inputs.clear();
    open.outputs.clear();
    let open = admitted(with_manifest(module(&text), &open), &board).unwrap();
    assert!(matches!(
        fits(&open, None),
        Err(FitError::ModelMissing { .. })
    ));
    assert!(fits(&open, Some(&model)).is_ok());
    assert_eq!(
        signature(&open, Some(&model)).unwrap().inputs()[0].dims,
        [1, 3, 8]
    );
    assert!(signature(&open, None).is_err());
    let other = Model {
        format: "tflite".to_owned(),
        ..model
    };
    assert!(matches!(
        fits(&open, Some(&other)),
        Err(FitError::Format { .. })
    ));
}

#[test]
fn shipped_models_are_what_they_state() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let folders = fs::read_dir(models)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for folder in folders.filter(|folder| folder.join("model.toml").exists()) {
        let name: ModelName = folder
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        let bytes_max = profile("pi-3").limits.model_bytes_max;
        let model = read_model(&folder, &name, bytes_max);
        assert!(model.is_ok(), "{name}: {:?}", model.err());
    }
}
