use guest_abi::DType;
use proptest::prelude::*;
use weir_engine::Signature;
use weir_payload::{Dims, Elements, List, Tensor, VERSION};
use weir_profile::{Codec, Pipeline};

use super::*;
use crate::{
    InputFacts, ModelFacts,
    fixtures::{device, facts, floats, json, little_endian, pipeline, signature, tensor, window},
};

fn intake(pipeline: &Pipeline, signature: &Signature, facts: &ModelFacts) -> Intake {
    Intake::new(
        Binding::new(pipeline, signature, facts).unwrap(),
        NonZeroUsize::MIN,
    )
}

fn take(intake: &mut Intake, payload: impl Into<Bytes>) -> Result<bool, &'static str> {
    let device = device();
    let origin = Origin {
        device: &device,
        arrival_us: 0,
    };
    intake
        .take(&payload.into(), origin)
        .map_err(|reason| reason.code)
}

fn with(codec: Codec, size: Option<u32>) -> Pipeline {
    let mut pipeline = pipeline();
    pipeline.decode.codec = codec;
    pipeline.window = size.map(|size| window(size, 1));
    pipeline
}

fn first(intake: &Intake) -> (Vec<u32>, Vec<f32>) {
    let tensor = intake.ready()[0].tensor();
    (tensor.dims.to_vec(), floats(tensor.data))
}

const XY: &[&str] = &["/x", "/y"];

#[test]
fn fields_of_arrays_are_laid_out_as_the_model_takes_them() {
    let payload = r#"{"x":[1,2,3],"y":[4,5,6]}"#;
    let pipeline = with(json(XY), None);
    for (dims, expected) in [
        (&[1, 2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        (&[1, 3, 2], [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]),
    ] {
        let mut intake = intake(&pipeline, &signature(DType::F32, dims), &facts());
        assert_eq!(take(&mut intake, payload), Ok(true));
        assert_eq!(first(&intake).1, expected);
        assert_eq!(
            take(&mut intake, r#"{"x":[1],"y":[4]}"#),
            Err("payload_shape")
        );
        assert_eq!(
            take(&mut intake, r#"{"x":[1,2,3],"y":[4,5]}"#),
            Err("payload_shape")
        );
        assert_eq!(
            take(&mut intake, r#"{"x":[1,2,3],"y":4}"#),
            Err("payload_shape")
        );
    }
}

#[test]
fn a_window_is_laid_out_as_the_model_takes_it() {
    for (dims, expected) in [
        (&[1, 2, 3], [2.0, 3.0, 4.0, 20.0, 30.0, 40.0]),
        (&[1, 3, 2], [2.0, 20.0, 3.0, 30.0, 4.0, 40.0]),
    ] {
        let mut intake = intake(
            &with(json(XY), Some(3)),
            &signature(DType::F32, dims),
            &facts(),
        );
        assert_eq!(take(&mut intake, r#"{"x":1,"y":10}"#), Ok(false));
        assert_eq!(take(&mut intake, r#"{"x":2,"y":20}"#), Ok(false));
        assert_eq!(take(&mut intake, r#"{"x":[3,4],"y":[30,40]}"#), Ok(true));
        assert_eq!(
            first(&intake),
            (dims.map(i32::unsigned_abs).to_vec(), expected.to_vec())
        );
        assert_eq!(intake.window_counts().superseded, 1);
    }
}

#[test]
fn a_message_with_one_bad_sample_leaves_the_window_as_it_was() {
    let mut pipeline = with(json(XY), Some(2));
    pipeline.decode.scaling.scale = vec![10.0];
    let mut intake = intake(&pipeline, &signature(DType::I8, &[1, 2, 2]), &facts());
    assert_eq!(take(&mut intake, r#"{"x":1,"y":2}"#), Ok(false));
    assert_eq!(
        take(&mut intake, r#"{"x":[3,100],"y":[4,5]}"#),
        Err("payload_out_of_range")
    );
    assert_eq!(take(&mut intake, r#"{"x":5,"y":6}"#), Ok(true));
    assert_eq!(intake.ready()[0].tensor().data, [10, 50, 20, 60]);
}

#[test]
fn one_field_may_hold_rows_or_the_whole_tensor() {
    let mut rows = intake(
        &with(json(&["/s"]), Some(3)),
        &signature(DType::F32, &[1, 2, 3]),
        &facts(),
    );
    assert_eq!(take(&mut rows, r#"{"s":[[1,2,3]]}"#), Err("payload_shape"));
    assert_eq!(take(&mut rows, r#"{"s":[[1,2],[3,4]]}"#), Ok(false));
    assert_eq!(take(&mut rows, r#"{"s":[5,6]}"#), Ok(true));
    assert_eq!(first(&rows).1, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);

    let mut whole = intake(
        &with(json(&["/s"]), None),
        &signature(DType::F32, &[1, 2, 3]),
        &facts(),
    );
    assert_eq!(take(&mut whole, r#"{"s":[[1,2,3],[4,5,6]]}"#), Ok(true));
    assert_eq!(
        first(&whole),
        (vec![1, 2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    );
    assert_eq!(
        take(&mut whole, r#"{"s":[1,2,3,4,5,6]}"#),
        Err("payload_shape")
    );
}

#[test]
fn the_models_mean_and_deviation_are_per_channel() {
    let x = InputFacts {
        name: "x".to_owned(),
        layout: Some(Layout::ChannelsFirst),
        mean: vec![1.0, 2.0],
        std: vec![1.0, 2.0],
    };
    let facts = ModelFacts {
        inputs: vec![x],
        ..facts()
    };
    let signature = signature(DType::F32, &[1, 2, 2]);
    let expected = [0.0, 1.0, 4.0, 9.0];
    let mut fields = intake(&with(json(XY), None), &signature, &facts);
    assert_eq!(take(&mut fields, r#"{"x":[1,2],"y":[10,20]}"#), Ok(true));
    assert_eq!(first(&fields).1, expected);
    let mut windowed = intake(&with(json(XY), Some(2)), &signature, &facts);
    assert_eq!(take(&mut windowed, r#"{"x":[1,2],"y":[10,20]}"#), Ok(true));
    assert_eq!(first(&windowed).1, expected);
    let mut raw = intake(
        &with(Codec::Raw { dtype: DType::F32 }, None),
        &signature,
        &facts,
    );
    assert_eq!(
        take(&mut raw, little_endian(&[1.0, 2.0, 10.0, 20.0])),
        Ok(true)
    );
    assert_eq!(first(&raw).1, expected);
}

#[test]
fn raw_numbers_of_the_inputs_type_are_not_copied() {
    let mut intake = intake(
        &with(Codec::Raw { dtype: DType::F32 }, None),
        &signature(DType::F32, &[1, 2]),
        &facts(),
    );
    let payload = Bytes::from(little_endian(&[1.5, -2.5]));
    assert_eq!(take(&mut intake, payload.clone()), Ok(true));
    assert!(std::ptr::eq(intake.ready()[0].tensor().data, &payload[..]));
    assert_eq!(
        take(&mut intake, little_endian(&[f32::NAN, 0.0])),
        Err("payload_not_finite")
    );
    assert_eq!(take(&mut intake, payload.slice(..7)), Err("payload_length"));
    assert_eq!(take(&mut intake, Bytes::new()), Err("payload_length"));
}

#[test]
fn raw_numbers_of_another_type_are_converted() {
    let mut intake = intake(
        &with(Codec::Raw { dtype: DType::I16 }, Some(2)),
        &signature(DType::U8, &[1, 2, 1]),
        &facts(),
    );
    assert_eq!(take(&mut intake, vec![7, 0]), Ok(false));
    assert_eq!(take(&mut intake, vec![0, 1]), Err("payload_out_of_range"));
    assert_eq!(take(&mut intake, vec![255, 0]), Ok(true));
    assert_eq!(intake.ready()[0].tensor().data, [7, 255]);
}

fn packet(tensors: &[Tensor<'_>]) -> Vec<u8> {
    let sample = Sample {
        v: VERSION,
        id: Some("s-1"),
        time_us: None,
        tensors: List::Slice(tensors),
    };
    let mut buffer = [0; 512];
    sample.encode(&mut buffer).unwrap().to_vec()
}

#[test]
fn postcard_samples_fill_inputs_by_name() {
    let inputs = vec![
        tensor("a", DType::F32, &[1, 2]),
        tensor("b", DType::I16, &[-1]),
    ];
    let signature = Signature::new(inputs, vec![tensor("y", DType::F32, &[4])], vec![]).unwrap();
    let mut intake = intake(&with(Codec::Postcard, None), &signature, &facts());
    let a = Tensor::flat("a", Elements::F32(&[1.0, 2.0]));
    let b = Tensor {
        name: "b",
        dims: Dims::new(&[3]).unwrap(),
        elements: Elements::F32(&[7.0, 8.0, 9.0]),
    };
    assert_eq!(take(&mut intake, packet(&[b, a])), Ok(true));
    assert_eq!(intake.id, "s-1");
    assert_eq!(first(&intake).1, [1.0, 2.0]);
    assert_eq!(intake.ready()[1].tensor().dims, [3]);
    assert_eq!(intake.ready()[1].tensor().data, [7, 0, 8, 0, 9, 0]);
    assert_eq!(
        take(&mut intake, packet(&[a])),
        Err("payload_field_missing")
    );
    assert_eq!(
        take(
            &mut intake,
            packet(&[
                Tensor {
                    dims: Dims::new(&[2, 2]).unwrap(),
                    ..a
                },
                b
            ])
        ),
        Err("payload_shape")
    );
    assert_eq!(take(&mut intake, vec![9, 9]), Err("payload_not_postcard"));
}

#[test]
fn an_identity_beyond_the_limit_is_refused() {
    let mut intake = intake(
        &with(Codec::Postcard, None),
        &signature(DType::F32, &[1, 1]),
        &facts(),
    );
    let tensors = [Tensor::flat("", Elements::F32(&[1.0]))];
    let mut buffer = [0; 512];
    for (bytes, expected) in [
        (256, Ok(true)),
        (257, Err("payload_field_type")),
        (0, Err("payload_field_type")),
    ] {
        let id = "x".repeat(bytes);
        let sample = Sample {
            v: VERSION,
            id: Some(&id),
            time_us: None,
            tensors: List::Slice(&tensors),
        };
        let packet = sample.encode(&mut buffer).unwrap().to_vec();
        assert_eq!(take(&mut intake, packet), expected);
    }
}

#[test]
fn postcard_samples_enter_windows() {
    let mut intake = intake(
        &with(Codec::Postcard, Some(2)),
        &signature(DType::F32, &[1, 2, 2]),
        &facts(),
    );
    let values = [1.0, 2.0, 3.0, 4.0];
    let rows = Tensor {
        name: "",
        dims: Dims::new(&[2, 2]).unwrap(),
        elements: Elements::F32(&values),
    };
    assert_eq!(take(&mut intake, packet(&[rows])), Ok(true));
    assert_eq!(first(&intake).1, [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(
        take(
            &mut intake,
            packet(&[Tensor::flat("", Elements::F32(&values[..3]))])
        ),
        Err("payload_shape")
    );
}

proptest! {
    #[test]
    fn no_payload_makes_a_codec_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), size in prop::option::of(1_u32..4)) {
        for codec in [json(XY), Codec::Raw { dtype: DType::I16 }, Codec::Postcard] {
            for dims in [&[1, 2, -1][..], &[-1, -1, 2]] {
                let pipeline = with(codec.clone(), size);
                if let Ok(binding) = Binding::new(&pipeline, &signature(DType::F16, dims), &facts()) {
                    let mut intake = Intake::new(binding, NonZeroUsize::MIN);
                    let taken = take(&mut intake, bytes.clone());
                    if taken == Ok(true) {
                        let tensor = intake.ready()[0].tensor();
                        prop_assert_eq!(crate::binding::elements(tensor.dims) * 2, tensor.data.len());
                    }
                }
            }
        }
    }
}
