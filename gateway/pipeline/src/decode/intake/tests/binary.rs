use weir_payload::{Dims, Elements, List, Tensor, VERSION};

use super::*;
use crate::fixtures::tensor;

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
