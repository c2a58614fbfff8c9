use weir_profile::IdSource;

use super::*;
use crate::fixtures::{facts, json, pipeline, signature, tensor, window};

fn bind(pipeline: &Pipeline, dims: &[i32]) -> Result<Binding, BindError> {
    Binding::new(pipeline, &signature(DType::F32, dims), &facts())
}

fn windowed(size: u32, codec: Codec) -> Pipeline {
    let mut pipeline = pipeline();
    pipeline.window = Some(window(size, 64));
    pipeline.decode.codec = codec;
    pipeline
}

#[test]
fn fields_and_window_make_the_models_input() {
    let vibration = windowed(128, json(&["/ax", "/ay", "/az"]));
    assert!(bind(&vibration, &[1, 3, 128]).is_ok());
    assert_eq!(
        bind(&vibration, &[-1, 3, -1]).unwrap().shapes(),
        ["x f32 n×3×n"]
    );
    assert_eq!(
        bind(&vibration, &[1, 3, 256]).unwrap_err().to_string(),
        "pipeline.vibration.window.size: the model takes 1×3×256 for its input x, the pipeline makes 1×3×128"
    );
    let error = bind(&vibration, &[1, 4, 128]).unwrap_err().to_string();
    assert!(
        error.starts_with("pipeline.vibration.decode.fields: the model takes 1×4×128"),
        "{error}"
    );
}

#[test]
fn the_channels_of_raw_samples_are_those_of_the_model() {
    let raw = |size| windowed(size, Codec::Raw { dtype: DType::I16 });
    for dims in [&[1, 3, 128][..], &[1, 128, 3], &[1, 384], &[-1, 3, -1]] {
        let binding = bind(&raw(128), dims).unwrap();
        assert!(
            matches!(binding.inputs[0].form, Form::Window { channels: 3, .. }),
            "{dims:?}"
        );
    }
    assert!(bind(&raw(100), &[1, 3, 128]).is_err());
    let mut whole = pipeline();
    whole.decode.codec = Codec::Raw { dtype: DType::F32 };
    assert!(bind(&whole, &[1, -1]).is_ok());
    assert!(matches!(
        bind(&whole, &[1, -1, -1]),
        Err(BindError::Varying { .. })
    ));
}

#[test]
fn fields_without_a_window_divide_the_input() {
    assert!(bind(&pipeline(), &[1, 3]).is_ok());
    assert!(bind(&pipeline(), &[1, 3, 128]).is_ok());
    assert!(bind(&pipeline(), &[1, 4]).is_err());
    let mut one = pipeline();
    one.decode.codec = json(&["/x"]);
    assert!(bind(&one, &[1, 28, 28, 1]).is_ok());
}

#[test]
fn several_inputs_need_named_tensors() {
    let inputs = vec![tensor("a", DType::F32, &[1]), tensor("b", DType::F32, &[1])];
    let signature = Signature::new(inputs, vec![tensor("y", DType::F32, &[4])], vec![]).unwrap();
    let mut pipeline = pipeline();
    let error = Binding::new(&pipeline, &signature, &facts())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the guest takes 2 inputs (a, b), json fills exactly one"),
        "{error}"
    );
    pipeline.decode.codec = Codec::Postcard;
    assert!(Binding::new(&pipeline, &signature, &facts()).is_ok());
    pipeline.decode.scaling.scale = vec![2.0];
    assert!(matches!(
        Binding::new(&pipeline, &signature, &facts()),
        Err(BindError::ScalingOfMany { .. })
    ));
}

#[test]
fn preparation_must_fit_the_channels() {
    let mut pipeline = pipeline();
    pipeline.decode.scaling.scale = vec![1.0, 2.0];
    let error = bind(&pipeline, &[1, 3]).unwrap_err().to_string();
    assert!(error.starts_with("pipeline.vibration.decode.scale (or the model's own) for input x: 2 values for 3 channels"), "{error}");
    pipeline.decode.scaling = Scaling {
        std: Some(vec![0.0]),
        ..Scaling::default()
    };
    assert!(matches!(
        bind(&pipeline, &[1, 3]),
        Err(BindError::Scaling { what: "std", .. })
    ));
    let of_model = InputFacts {
        name: "x".to_owned(),
        mean: vec![1.0; 3],
        std: vec![2.0; 3],
        layout: None,
    };
    let facts = ModelFacts {
        inputs: vec![of_model],
        ..facts()
    };
    pipeline.decode.scaling = Scaling::default();
    let binding = Binding::new(&pipeline, &signature(DType::F32, &[1, 3]), &facts).unwrap();
    assert!(!binding.inputs[0].preparation.is_identity());
}

#[test]
fn labels_must_be_as_many_as_the_classes() {
    let mut pipeline = pipeline();
    pipeline.result.labels = Some(vec!["a".to_owned()]);
    let error = bind(&pipeline, &[1, 3]).unwrap_err().to_string();
    assert_eq!(
        error,
        "pipeline.vibration.result.labels (or the model's own): 1 labels for 4 elements of output class"
    );
}

#[test]
fn pointers_are_checked_before_the_first_message() {
    for fields in [
        &["ax", "/ay", "/az"][..],
        &["/a", "/a", "/b"],
        &["/a/x", "/a", "/b"],
        &["/a", "/a/0", "/b"],
    ] {
        let mut pipeline = pipeline();
        pipeline.decode.codec = json(fields);
        assert!(
            matches!(bind(&pipeline, &[1, 3]), Err(BindError::Pointer { .. })),
            "{fields:?}"
        );
    }
    let mut pipeline = pipeline();
    pipeline.decode.id = IdSource::Field("/ax".to_owned());
    assert!(bind(&pipeline, &[1, 3]).is_err());
}

#[test]
fn a_window_larger_than_the_model_allows_is_refused() {
    let mut info = tensor("x", DType::F32, &[1, 3, -1]);
    info.len_max = 100;
    let signature =
        Signature::new(vec![info], vec![tensor("y", DType::F32, &[4])], vec![]).unwrap();
    let vibration = windowed(128, json(&["/ax", "/ay", "/az"]));
    assert!(matches!(
        Binding::new(&vibration, &signature, &facts()),
        Err(BindError::TooLarge { bytes: 1536, .. })
    ));
}
