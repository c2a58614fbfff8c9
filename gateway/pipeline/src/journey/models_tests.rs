//! Pipelines whose messages may name their model.

use guest_abi::DType;
use weir_profile::Codec;

use super::*;
use crate::fixtures::{
    arrival, device, facts, floats, journey, little_endian, message, pipeline, signature, window,
};

/// A pipeline whose own model `small` takes one sample of three, and `wide` two.
fn two(change: impl FnOnce(&mut Pipeline), dims: [&[i32]; 2]) -> Journey {
    let mut pipeline = pipeline();
    pipeline.model = Some("small".parse().unwrap());
    pipeline.models = vec!["wide".parse().unwrap()];
    pipeline.decode.model_id = Some("/model_id".to_owned());
    change(&mut pipeline);
    let mut journey = journey(&pipeline, &signature(DType::F32, dims[0]));
    let binding = Binding::new(&pipeline, &signature(DType::F32, dims[1]), &facts()).unwrap();
    journey.allow("wide".parse().unwrap(), binding, "wide@2.0.0".to_owned());
    journey
}

const DIMS: [&[i32]; 2] = [&[1, 3], &[1, 3, 2]];

fn named(payload: impl Into<bytes::Bytes>, model: &str) -> Message {
    let mut message = message(payload);
    let user = ("model_id".to_owned(), model.to_owned());
    message.properties.user.push(user);
    message
}

/// The place of the model that a message gets and its first input, the code and words of its reject, or none where it
/// entered a window.
fn taken(journey: &mut Journey, message: &Message) -> Option<Result<(usize, Vec<f32>), String>> {
    let device = device();
    match journey.take(arrival(message, &device)) {
        Step::Infer => Some(Ok((journey.model(), floats(journey.inputs()[0].data)))),
        Step::Windowed => None,
        Step::Reject(settled) => match settled.kind {
            Kind::Reject(reason) => Some(Err(format!("{}: {}", reason.code, reason.words))),
            Kind::Result(best) => panic!("{best:?}"),
        },
    }
}

#[test]
fn a_payload_names_its_model() {
    let mut journey = two(|_| {}, DIMS);
    let mut model = |payload: &'static str| {
        let taken = taken(&mut journey, &message(payload)).unwrap();
        taken.map(|(model, values)| (model, values.len()))
    };
    assert_eq!(model(r#"{"ax":1,"ay":2,"az":3}"#), Ok((0, 3)));
    let wide = r#"{"ax":[1,2],"ay":[3,4],"az":[5,6],"model_id":"wide"}"#;
    assert_eq!(model(wide), Ok((1, 6)));
    let small = r#"{"ax":1,"ay":2,"az":3,"model_id":"small"}"#;
    assert_eq!(model(small), Ok((0, 3)));
    let null = r#"{"ax":1,"ay":2,"az":3,"model_id":null}"#;
    assert_eq!(model(null), Ok((0, 3)));
    let shape = model(r#"{"ax":1,"ay":2,"az":3,"model_id":"wide"}"#).unwrap_err();
    assert!(shape.starts_with("payload_shape"), "{shape}");
}

#[test]
fn a_model_that_is_not_allowed_is_a_reject_that_names_those_that_are() {
    let mut journey = two(|_| {}, DIMS);
    let mut words = |id: &str| {
        let payload = format!(r#"{{"ax":1,"ay":2,"az":3,"model_id":{id}}}"#);
        taken(&mut journey, &message(payload)).unwrap().unwrap_err()
    };
    let code = RejectCode::ModelNotAllowed.code();
    let other = words(r#""other""#);
    assert_eq!(
        other,
        format!("{code}: model \"other\"; the pipeline allows small, wide")
    );
    assert!(words(r#""""#).starts_with(code));
    let long = words(&format!("\"{}\"", "m".repeat(10_000)));
    assert!(long.len() < 200, "{long}");
    assert!(words("7").starts_with("payload_field_type"));
    assert!(words(r#"["wide"]"#).starts_with("payload_field_type"));
}

#[test]
fn a_property_names_the_model_where_the_payload_does_not() {
    let mut document = two(|_| {}, DIMS);
    let wide = r#"{"ax":[1,2],"ay":[3,4],"az":[5,6]}"#;
    let by_property = taken(&mut document, &named(wide, "wide"));
    assert_eq!(by_property.unwrap().unwrap().0, 1);
    let both = r#"{"ax":1,"ay":2,"az":3,"model_id":"small"}"#;
    let by_payload = taken(&mut document, &named(both, "wide"));
    assert_eq!(by_payload.unwrap().unwrap().0, 0);

    let raw = |pipeline: &mut Pipeline| pipeline.decode.codec = Codec::Raw { dtype: DType::F32 };
    let mut raw = two(raw, DIMS);
    let six = little_endian(&[1.0; 6]);
    let wide = taken(&mut raw, &named(six.clone(), "wide"));
    assert_eq!(wide, Some(Ok((1, vec![1.0; 6]))));
    let small = taken(&mut raw, &message(six)).unwrap().unwrap_err();
    assert!(small.starts_with("payload_length"), "{small}");
    let three = little_endian(&[1.0; 3]);
    assert_eq!(
        taken(&mut raw, &message(three.clone())).unwrap().unwrap().0,
        0
    );
    let other = taken(&mut raw, &named(three, "other"))
        .unwrap()
        .unwrap_err();
    assert!(other.starts_with("model_not_allowed"), "{other}");
}

#[test]
fn a_pipeline_of_one_model_does_not_look_at_names() {
    let mut journey = journey(&pipeline(), &signature(DType::F32, &[1, 3]));
    let message = named(r#"{"ax":1,"ay":2,"az":3}"#, "other");
    assert_eq!(taken(&mut journey, &message).unwrap().unwrap().0, 0);
}

#[test]
fn each_model_has_windows_of_its_own() {
    let windowed = |pipeline: &mut Pipeline| pipeline.window = Some(window(2, 2));
    let mut journey = two(windowed, [&[1, 3, 2], &[1, 2, 3]]);
    let sample = |value: u8, model: &str| {
        let text = format!(r#"{{"ax":{value},"ay":0,"az":0,"model_id":"{model}"}}"#);
        message(text)
    };
    assert_eq!(taken(&mut journey, &sample(1, "small")), None);
    assert_eq!(taken(&mut journey, &sample(2, "wide")), None);
    let small = taken(&mut journey, &sample(3, "small"));
    assert_eq!(small, Some(Ok((0, vec![1.0, 3.0, 0.0, 0.0, 0.0, 0.0]))));
    let wide = taken(&mut journey, &sample(4, "wide"));
    assert_eq!(wide, Some(Ok((1, vec![2.0, 0.0, 0.0, 4.0, 0.0, 0.0]))));
}

#[test]
fn a_result_names_the_model_that_ran() {
    let mut journey = two(|_| {}, DIMS);
    let (message, device) = (named(r#"{"ax":[1,2],"ay":1,"az":1}"#, "wide"), device());
    assert!(matches!(
        journey.take(arrival(&message, &device)),
        Step::Reject(_)
    ));
    let message = named(r#"{"ax":[1,2],"ay":[1,2],"az":[1,2]}"#, "wide");
    assert!(matches!(
        journey.take(arrival(&message, &device)),
        Step::Infer
    ));
    let output = Tensor {
        name: "class".to_owned(),
        dtype: DType::F32,
        dims: vec![4],
        data: little_endian(&[0.1, 0.2, 0.3, 0.4]),
    };
    let timing = Timing {
        infer_us: 1,
        finished_us: 1,
    };
    let settled = journey.finish(arrival(&message, &device), &[output], timing);
    let outgoing = settled.published.unwrap();
    let document: serde_json::Value = serde_json::from_slice(&outgoing.payload).unwrap();
    assert_eq!(document["model_version"], "wide@2.0.0");
}
