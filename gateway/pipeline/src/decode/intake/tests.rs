use guest_abi::DType;
use proptest::prelude::*;
use weir_engine::Signature;
use weir_profile::{Codec, Pipeline};

use super::*;
use crate::{
    InputFacts, ModelFacts,
    fixtures::{device, facts, floats, json, little_endian, pipeline, signature, window},
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
        model: None,
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

mod binary;

proptest! {
    #[test]
    fn no_payload_makes_a_codec_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), size in prop::option::of(1_u32..4)) {
        let fields = || XY.iter().map(|field| (*field).to_owned()).collect();
        let cbor = Codec::Cbor { fields: fields(), time: None };
        for codec in [json(XY), cbor, Codec::Raw { dtype: DType::I16 }, Codec::Postcard] {
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
