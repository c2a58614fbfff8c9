use guest_abi::DType;
use proptest::prelude::*;
use weir_profile::{IdSource, ResultFormat};
use weir_transport::Outgoing;

use super::*;
use crate::{
    Best,
    fixtures::{
        NOW, arrival, code, device, floats, journey, json, little_endian, message, pipeline,
        signature, window,
    },
};

fn outputs() -> Vec<Tensor> {
    vec![Tensor {
        name: "class".to_owned(),
        dtype: DType::F32,
        dims: vec![4],
        data: little_endian(&[0.01, 0.01, 0.97, 0.01]),
    }]
}

const TIMING: Timing = Timing {
    infer_us: 210,
    finished_us: NOW.monotonic_us + 480,
};

fn vibration() -> Journey {
    journey(&pipeline(), &signature(DType::F32, &[1, 3]))
}

fn text(outgoing: &Outgoing) -> &str {
    std::str::from_utf8(&outgoing.payload).unwrap()
}

fn rejected(journey: &mut Journey, message: &Message) -> serde_json::Value {
    let device = device();
    match journey.take(arrival(message, &device)) {
        Step::Reject(settled) => {
            let outgoing = settled.published.unwrap();
            assert_eq!(outgoing.topic, "weir/rejects/vibration/pump-7");
            assert!(!outgoing.retain);
            serde_json::from_slice(&outgoing.payload).unwrap()
        }
        step @ (Step::Infer | Step::Windowed) => panic!("{step:?}"),
    }
}

#[test]
fn a_message_becomes_the_documented_result() {
    let mut journey = vibration();
    let (message, device) = (message(r#"{"ax":1,"ay":2,"az":3}"#), device());
    assert!(matches!(
        journey.take(arrival(&message, &device)),
        Step::Infer
    ));
    let inputs = journey.inputs();
    assert_eq!((inputs.len(), inputs[0].dims), (1, &[1, 3][..]));
    assert_eq!(floats(inputs[0].data), [1.0, 2.0, 3.0]);
    let settled = journey.finish(arrival(&message, &device), &outputs(), TIMING);
    let best = Best {
        label: Some("bearing_fault".into()),
        confidence: Some(0.97),
    };
    assert_eq!(settled.kind, Kind::Result(best));
    assert!(settled.reply.is_none());
    let outgoing = settled.published.unwrap();
    assert_eq!(outgoing.topic, "weir/results/vibration/pump-7");
    assert_eq!(
        outgoing.properties.content_type.as_deref(),
        Some("application/json")
    );
    assert_eq!(
        text(&outgoing),
        concat!(
            r#"{"v":1,"id":"pump-room/vibration/pump-7/1289","time":"2026-11-21T10:00:00.123Z","#,
            r#""pipeline":"vibration","device":"pump-7","label":"bearing_fault","confidence":0.97,"#,
            r#""outputs":[{"name":"class","shape":[4],"data":[0.01,0.01,0.97,0.01]}],"#,
            r#""model_version":"vibration-int8@1.0.0","guest":"tinynn@1.0.0","engine":"wasmi","#,
            r#""latency_ms":0.48,"infer_ms":0.21}"#
        )
    );
}

#[test]
fn a_bad_payload_becomes_the_documented_reject() {
    let document = rejected(&mut vibration(), &message(r#"{"ax":1,"ay":"2"}"#));
    let expected = serde_json::json!({
        "v": 1, "id": "pump-room/vibration/pump-7/1289", "time": "2026-11-21T10:00:00.123Z",
        "pipeline": "vibration", "device": "pump-7", "code": "payload_field_type",
        "message": "field /ay must be a number or an array of numbers",
        "topic": "sensors/pump-7/vibration", "excerpt": "{\"ax\":1,\"ay\":\"2\"}",
    });
    assert_eq!(document, expected);
}

#[test]
fn a_payload_beyond_the_profiles_limit_is_refused() {
    let document = rejected(&mut vibration(), &message(vec![b' '; 4097]));
    assert_eq!(document["code"], "payload_too_large");
    assert_eq!(document["excerpt"].as_str().unwrap().len(), 64);
}

#[test]
fn a_message_that_was_not_taken_is_refused_with_its_reason() {
    let reason = Reason::new(RejectCode::TopicDeviceMissing, "the topic has no level 2");
    let settled = vibration().refuse(&message("x"), None, NOW, &reason);
    assert_eq!(code(&settled.kind), Some("topic_device_missing"));
    let outgoing = settled.published.unwrap();
    assert_eq!(outgoing.topic, "weir/rejects/vibration/_");
    assert!(text(&outgoing).contains(r#""device":"_""#));
}

#[test]
fn a_guests_failure_is_a_reject_with_its_words() {
    let mut journey = vibration();
    let (message, device) = (message(r#"{"ax":1,"ay":2,"az":3}"#), device());
    assert!(matches!(
        journey.take(arrival(&message, &device)),
        Step::Infer
    ));
    let reason = Reason::coded("guest_failed", "predict returned -1")
        .with_guest_message("no scale".to_owned());
    let settled = journey.fail(arrival(&message, &device), &reason);
    assert_eq!(code(&settled.kind), Some("guest_failed"));
    assert!(text(&settled.published.unwrap()).contains(r#""guest_message":"no scale""#));
}

#[test]
fn the_sensors_own_identity_comes_first() {
    let mut own = pipeline();
    own.decode.id = IdSource::Field("/seq".to_owned());
    let mut journey = journey(&own, &signature(DType::F32, &[1, 3]));
    let mut id = |payload: &'static str, user: &[(&str, &str)]| {
        let mut message = message(payload);
        let user = user
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        message.properties.user = user.collect();
        rejected(&mut journey, &message)["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let event = [("specversion", "1.0"), ("id", "event-7")];
    assert_eq!(id(r#"{"seq":17}"#, &event), "17");
    assert_eq!(id("{}", &event), "event-7");
    assert_eq!(id("{}", &event[1..]), "pump-room/vibration/pump-7/1289");
    assert_eq!(id("not json", &[]), "pump-room/vibration/pump-7/1290");
}

#[test]
fn a_window_settles_messages_until_it_is_complete() {
    let mut windowed = pipeline();
    windowed.window = Some(window(2, 2));
    windowed.result.format = ResultFormat::Postcard;
    let mut journey = journey(&windowed, &signature(DType::F32, &[1, 3, 2]));
    let (message, device) = (message(r#"{"ax":1,"ay":2,"az":3}"#), device());
    assert!(matches!(
        journey.take(arrival(&message, &device)),
        Step::Windowed
    ));
    assert!(matches!(
        journey.take(arrival(&message, &device)),
        Step::Infer
    ));
    assert_eq!(journey.inputs()[0].dims, [1, 3, 2]);
    let settled = journey.finish(arrival(&message, &device), &outputs(), TIMING);
    let outgoing = settled.published.unwrap();
    assert_eq!(
        outgoing.properties.content_type.as_deref(),
        Some(weir_payload::RESULT_CONTENT_TYPE)
    );
    let result = weir_payload::InferenceResult::decode(&outgoing.payload).unwrap();
    assert_eq!(
        (result.label, result.latency_us),
        (Some("bearing_fault"), 480)
    );
    assert_eq!(journey.window_counts(), WindowCounts::default());
}

#[test]
fn an_output_that_json_cannot_carry_is_a_reject() {
    let mut journey = vibration();
    let (message, device) = (message(r#"{"ax":1,"ay":2,"az":3}"#), device());
    assert!(matches!(
        journey.take(arrival(&message, &device)),
        Step::Infer
    ));
    let mut outputs = outputs();
    outputs[0].data = little_endian(&[f32::INFINITY; 4]);
    let settled = journey.finish(arrival(&message, &device), &outputs, TIMING);
    assert_eq!(code(&settled.kind), Some("output_not_finite"));
}

proptest! {
    #[test]
    fn every_payload_ends_in_one_way(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..8), size in 1_u32..3) {
        let mut windowed = pipeline();
        windowed.decode.codec = json(&["/0"]);
        windowed.window = Some(window(size, 1));
        let mut journey = journey(&windowed, &signature(DType::F32, &[1, 1, -1]));
        let device = device();
        for payload in payloads {
            let message = message(payload);
            match journey.take(arrival(&message, &device)) {
                Step::Infer => prop_assert_eq!(journey.inputs().len(), 1),
                Step::Windowed => {}
                Step::Reject(settled) => prop_assert!(settled.published.is_some()),
            }
        }
    }
}
