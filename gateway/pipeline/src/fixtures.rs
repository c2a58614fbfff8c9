//! Pipelines, signatures and messages for the tests of every stage.

use std::{
    num::NonZeroUsize,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use bytes::Bytes;
use guest_abi::{DType, TensorInfo};
use weir_engine::Signature;
use weir_profile::{
    Codec, Decode, DeviceId, FloatPolicy, IdSource, Isolation, Pipeline, ResultFormat,
    ResultOptions, Scaling, TopicPattern, Window,
};
use weir_transport::{Message, Properties, QoS};

use crate::{Arrival, Binding, Journey, Kind, ModelFacts, Now, Origin, Router};

/// `sensors/{device}/vibration`: three JSON fields without a window.
pub(crate) fn pipeline() -> Pipeline {
    Pipeline {
        name: "vibration".parse().unwrap(),
        topic: pattern("sensors/{device}/vibration"),
        retained: false,
        profile: "pi-4".parse().unwrap(),
        guest: "tinynn".parse().unwrap(),
        model: None,
        models: Vec::new(),
        isolation: Isolation::Warm,
        decode: Decode {
            codec: json(&["/ax", "/ay", "/az"]),
            scaling: Scaling::default(),
            floats: FloatPolicy::Finite,
            id: IdSource::Automatic,
            model_id: None,
        },
        window: None,
        result: ResultOptions {
            format: ResultFormat::Json,
            softmax: None,
            top_k: 1,
            min_confidence: None,
            labels: None,
            outputs: true,
            qos: QoS::AtLeastOnce,
            retain: false,
            reply_only: false,
        },
    }
}

pub(crate) fn pattern(pattern: &str) -> TopicPattern {
    let device = |level: &str| level == "{device}";
    TopicPattern {
        pattern: pattern.to_owned(),
        filter: pattern.replace("{device}", "+"),
        device_segment: pattern.split('/').position(device).unwrap_or(1),
    }
}

pub(crate) fn json(fields: &[&str]) -> Codec {
    Codec::Json {
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        time: None,
    }
}

pub(crate) fn window(size: u32, stride: u32) -> Window {
    Window {
        size: size.try_into().unwrap(),
        stride: stride.try_into().unwrap(),
        gap_max: Some(Duration::from_millis(500)),
        devices_max: 4.try_into().unwrap(),
    }
}

pub(crate) fn tensor(name: &str, dtype: DType, dims: &[i32]) -> TensorInfo {
    TensorInfo {
        name: name.to_owned(),
        dtype: dtype.code(),
        dims: dims.to_vec(),
        len_max: 65_536,
    }
}

/// One input of these sizes, one output of four classes.
pub(crate) fn signature(dtype: DType, dims: &[i32]) -> Signature {
    let output = tensor("class", DType::F32, &[1, 4]);
    Signature::new(vec![tensor("x", dtype, dims)], vec![output], vec![]).unwrap()
}

pub(crate) fn facts() -> ModelFacts {
    ModelFacts {
        labels: ["normal", "imbalance", "bearing_fault", "looseness"]
            .map(str::to_owned)
            .to_vec(),
        ..ModelFacts::default()
    }
}

pub(crate) fn journey(pipeline: &Pipeline, signature: &Signature) -> Journey {
    counting_journey(pipeline, signature, Arc::default())
}

/// A journey whose substitutes are counted here.
pub(crate) fn counting_journey(
    pipeline: &Pipeline,
    signature: &Signature,
    substituted: Arc<AtomicU64>,
) -> Journey {
    let binding = Binding::new(pipeline, signature, &facts()).unwrap();
    let origin = Origin {
        node: "pump-room".parse().unwrap(),
        root: "weir".to_owned(),
        guest: "tinynn@1.0.0".to_owned(),
        model_version: Some("vibration-int8@1.0.0".to_owned()),
        engine: "wasmi",
        counter_start: 1289,
        payload_bytes_max: 4096,
        shards: NonZeroUsize::MIN,
        substituted,
    };
    let router = Router::new(std::slice::from_ref(pipeline), "weir").unwrap();
    Journey::new(pipeline, binding, origin, Arc::new(router))
}

pub(crate) fn message(payload: impl Into<Bytes>) -> Message {
    Message {
        topic: "sensors/pump-7/vibration".into(),
        payload: payload.into(),
        qos: QoS::AtLeastOnce,
        retained: false,
        duplicate: false,
        properties: Properties::default(),
    }
}

pub(crate) fn device() -> DeviceId {
    "pump-7".parse().unwrap()
}

pub(crate) const NOW: Now = Now {
    wall_us: 1_795_255_200_123_000,
    monotonic_us: 5_000_000,
};

pub(crate) fn arrival<'a>(message: &'a Message, device: &'a DeviceId) -> Arrival<'a> {
    Arrival {
        message,
        device,
        accepted: NOW,
    }
}

pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| f32::from_le_bytes(*word))
        .collect()
}

pub(crate) fn little_endian(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// The code of a reject; none of a result.
pub(crate) fn code(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Result(_) => None,
        Kind::Reject(reason) => Some(reason.code),
    }
}
