use weir_profile::Pipeline;

use super::*;
use crate::fixtures::{facts, little_endian, pipeline};

const FACTS: Facts<'_> = Facts {
    id: "1",
    time_us: 0,
    pipeline: "p",
    device: "d",
    model_version: None,
    guest: "g@1",
    engine: "wasmi",
    latency_us: 480,
    infer_us: 210,
};

fn class(values: &[f32]) -> Tensor {
    Tensor {
        name: "class".to_owned(),
        dtype: guest_abi::DType::F32,
        dims: vec![1, u32::try_from(values.len()).unwrap()],
        data: little_endian(values),
    }
}

fn writer(softmax: bool, change: impl FnOnce(&mut ResultOptions)) -> ResultWriter {
    let Pipeline { mut result, .. } = pipeline();
    change(&mut result);
    ResultWriter::new(result, facts().labels, softmax)
}

fn json(writer: &mut ResultWriter, outputs: &[Tensor]) -> Result<serde_json::Value, &'static str> {
    let written = writer.write(FACTS, outputs).map_err(|reason| reason.code);
    let (bytes, best) = written?;
    let document: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(document["label"].as_str(), best.label.as_deref());
    Ok(document)
}

#[test]
fn the_best_label_is_reported_if_it_is_certain_enough() {
    let outputs = [class(&[0.25, 0.0, 0.5, 0.25])];
    let mut sure = writer(false, |options| options.min_confidence = Some(0.5));
    let document = json(&mut sure, &outputs).unwrap();
    assert_eq!(document["label"], "bearing_fault");
    assert_eq!(document["confidence"], 0.5);
    assert_eq!(document.get("top"), None);
    let mut unsure = writer(false, |options| options.min_confidence = Some(0.6));
    let document = json(&mut unsure, &outputs).unwrap();
    assert_eq!(document.get("label"), None);
    assert_eq!(document["confidence"], 0.5);
}

#[test]
fn several_labels_stand_best_first() {
    let mut writer = writer(false, |options| options.top_k = 3);
    let document = json(&mut writer, &[class(&[0.25, 0.125, 0.5, 0.25])]).unwrap();
    let labels: Vec<&str> = document["top"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, ["bearing_fault", "normal", "looseness"]);
}

#[test]
fn without_labels_there_is_no_verdict() {
    let mut writer = writer(false, |_| {});
    writer.labels.clear();
    let document = json(&mut writer, &[class(&[3.5])]).unwrap();
    assert_eq!(
        (document.get("label"), document.get("confidence")),
        (None, None)
    );
    assert_eq!(document["outputs"][0]["data"], serde_json::json!([3.5]));
}

#[test]
fn softmax_applies_to_the_first_output_and_its_report() {
    let mut writer = writer(true, |_| {});
    let document = json(
        &mut writer,
        &[class(&[0.0, 0.0, 1000.0, 0.0]), class(&[2.0])],
    )
    .unwrap();
    assert_eq!(document["confidence"], 1.0);
    assert_eq!(
        document["outputs"][0]["data"],
        serde_json::json!([0.0, 0.0, 1.0, 0.0])
    );
    assert_eq!(document["outputs"][1]["data"], serde_json::json!([2.0]));
}

#[test]
fn json_refuses_what_it_cannot_carry_and_postcard_carries_it() {
    let broken = [class(&[0.0, f32::NAN, 1.0, 0.0])];
    assert_eq!(
        json(&mut writer(false, |_| {}), &broken),
        Err("output_not_finite")
    );
    let quiet = |options: &mut ResultOptions| options.outputs = false;
    assert_eq!(
        json(&mut writer(false, quiet), &broken).unwrap()["label"],
        "bearing_fault"
    );
    assert_eq!(
        json(&mut writer(true, quiet), &broken),
        Err("output_not_finite")
    );
    let mut writer = writer(false, |options| options.format = ResultFormat::Postcard);
    let (bytes, _) = writer.write(FACTS, &broken).unwrap();
    let read = weir_payload::InferenceResult::decode(bytes).unwrap();
    assert_eq!(read.label, Some("bearing_fault"));
    let output = read.outputs.iter().next().unwrap();
    assert_eq!(output.dims.as_slice(), [1, 4]);
    assert!(output.elements.numbers_f32().nth(1).unwrap().is_nan());
}

#[test]
fn cbor_says_the_same_as_json() {
    let outputs = [class(&[0.1, 0.0, 0.5, 0.25]), class(&[1.0])];
    for (softmax, top_k) in [(false, 1), (true, 3), (false, 0)] {
        let json = json(
            &mut writer(softmax, |options| options.top_k = top_k),
            &outputs,
        )
        .unwrap();
        let mut writer = writer(softmax, |options| {
            options.top_k = top_k;
            options.format = ResultFormat::Cbor;
        });
        let (bytes, best) = writer.write(FACTS, &outputs).unwrap();
        let cbor: serde_json::Value = cbor4ii::serde::from_slice(bytes).unwrap();
        assert_eq!(cbor["label"].as_str(), best.label.as_deref());
        assert_eq!(shortened(cbor), shortened(json));
    }
}

/// Numbers as 32-bit floats: JSON's shortest text of one reads back as another 64-bit float.
fn shortened(document: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match document {
        Value::Number(number) => number.to_string().parse::<f32>().ok().into(),
        Value::Array(items) => items.into_iter().map(shortened).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, shortened(value)))
            .collect(),
        other @ (Value::Null | Value::Bool(_) | Value::String(_)) => other,
    }
}

#[test]
fn cbor_carries_what_json_cannot() {
    let mut writer = writer(false, |options| options.format = ResultFormat::Cbor);
    let (bytes, _) = writer
        .write(FACTS, &[class(&[0.0, f32::NAN, 1.0, f32::INFINITY])])
        .unwrap();
    let infinite = [0xfa, 0x7f, 0x80, 0, 0];
    assert!(bytes.windows(5).any(|bytes| bytes == infinite));
    assert!(cbor4ii::serde::from_slice::<serde_json::Value>(bytes).is_ok());
}

#[test]
fn the_memory_is_used_again() {
    let mut writer = writer(false, |options| options.format = ResultFormat::Postcard);
    let outputs = [class(&[0.25, 0.0, 0.5, 0.25])];
    let mut written = || {
        let (bytes, best) = writer.write(FACTS, &outputs).unwrap();
        (bytes.to_vec(), best)
    };
    assert_eq!(written(), written());
}
