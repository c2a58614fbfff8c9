use std::{hint::black_box, num::NonZeroUsize, sync::Arc};

use criterion::{Criterion, Throughput};
use guest_abi::{DType, TensorInfo};
use weir_engine::{Signature, Tensor};
use weir_pipeline::{
    Arrival, Binding, Journey, Kind, ModelFacts, Now, Origin, Router, Step, Timing,
};
use weir_profile::{DeviceId, Pipeline};
use weir_transport::Message;

use crate::route::message;

const ACCEPTED: Now = Now {
    wall_us: 1_795_255_200_123_000,
    monotonic_us: 5_000_000,
};
const TIMING: Timing = Timing {
    infer_us: 210,
    finished_us: 5_000_480,
};
/// What a payload holds: three numbers, or as many as the network of the end-to-end bench takes.
const FIELDS: i32 = 3;
const BANDS: i32 = 32;

/// From a message to the guest's inputs, and from its outputs to a message.
pub(crate) fn benches(criterion: &mut Criterion) {
    let fields = "fields = [\"/ax\", \"/ay\", \"/az\"]";
    let json = br#"{"t":1795255200123,"id":"m-1289","ax":-0.012,"ay":0.981,"az":0.134}"#;
    // The same three fields: a map of three texts with a float each.
    let cbor =
        b"\xa3\x62ax\xfa\xbc\x44\x9b\xa6\x62ay\xfa\x3f\x7b\x22\xd1\x62az\xfa\x3e\x09\x37\x4c";
    let raw: Vec<u8> = (0_u8..32)
        .flat_map(|at| f32::from(at).to_le_bytes())
        .collect();
    let payloads: [(&str, String, i32, &[u8]); 3] = [
        ("json", format!("codec = \"json\", {fields}"), FIELDS, json),
        ("cbor", format!("codec = \"cbor\", {fields}"), FIELDS, cbor),
        (
            "raw",
            "codec = \"raw\", dtype = \"f32\"".to_owned(),
            BANDS,
            &raw,
        ),
    ];
    let mut group = criterion.benchmark_group("decode");
    for (codec, decode, elements, payload) in &payloads {
        let mut lane = Lane::new(decode, "json", *elements, payload);
        group.throughput(Throughput::Elements(1));
        group.bench_function(*codec, |bencher| {
            bencher.iter(|| {
                let step = lane.journey.take(black_box(lane.arrival.of()));
                assert!(matches!(step, Step::Infer), "{step:?}");
            });
        });
    }
    group.finish();
    let (_, decode, elements, payload) = &payloads[2];
    let mut group = criterion.benchmark_group("result");
    for format in ["json", "cbor", "postcard"] {
        let mut lane = Lane::new(decode, format, *elements, payload);
        let step = lane.journey.take(lane.arrival.of());
        assert!(matches!(step, Step::Infer), "{step:?}");
        let outputs = [probabilities()];
        group.bench_function(format, |bencher| {
            bencher.iter(|| {
                let arrival = lane.arrival.of();
                let settled = lane.journey.finish(arrival, black_box(&outputs), TIMING);
                assert!(matches!(settled.kind, Kind::Result(_)));
            });
        });
    }
    group.finish();
}

/// A journey with a message for it.
struct Lane {
    journey: Journey,
    arrival: Sent,
}

struct Sent {
    message: Message,
    device: DeviceId,
}

impl Sent {
    fn of(&self) -> Arrival<'_> {
        Arrival {
            message: &self.message,
            device: &self.device,
            accepted: ACCEPTED,
        }
    }
}

impl Lane {
    fn new(decode: &str, format: &str, elements: i32, payload: &[u8]) -> Self {
        let text = format!(
            "[pipeline.vibration]\ntopic = \"sensors/{{device}}/vibration\"\nprofile = \"pi-4\"\n\
             guest = \"tinynn\"\ndecode = {{ {decode} }}\nresult = {{ format = \"{format}\", top_k = 1 }}\n"
        );
        let settings = weir_profile::parse(&text)
            .expect("a good configuration")
            .settings;
        let pipeline: &Pipeline = &settings.pipelines[0];
        let signature = signature(elements);
        let labels = ["normal", "imbalance", "bearing_fault", "looseness"];
        let facts = ModelFacts {
            labels: labels.map(str::to_owned).to_vec(),
            ..ModelFacts::default()
        };
        let binding = Binding::new(pipeline, &signature, &facts).expect("payload and guest fit");
        let origin = Origin {
            node: "pump-room".parse().expect("a name"),
            root: "weir".to_owned(),
            guest: "tinynn@1.0.0".to_owned(),
            model_version: Some("vibration-int8@1.0.0".to_owned()),
            engine: "wasmi",
            counter_start: 1289,
            payload_bytes_max: 4096,
            shards: NonZeroUsize::MIN,
            substituted: Arc::default(),
        };
        let router = Router::new(&settings.pipelines, "weir").expect("a filter that may be taken");
        Self {
            journey: Journey::new(pipeline, binding, origin, Arc::new(router)),
            arrival: Sent {
                message: message("sensors/pump-7/vibration".to_owned(), payload),
                device: "pump-7".parse().expect("a device"),
            },
        }
    }
}

fn signature(elements: i32) -> Signature {
    let tensor = |name: &str, dims: &[i32]| TensorInfo {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: dims.to_vec(),
        len_max: 65_536,
    };
    let (input, output) = (tensor("x", &[1, elements]), tensor("class", &[1, 4]));
    Signature::new(vec![input], vec![output], vec![]).expect("a good signature")
}

fn probabilities() -> Tensor {
    Tensor {
        name: "class".to_owned(),
        dtype: DType::F32,
        dims: vec![1, 4],
        data: [0.01_f32, 0.01, 0.97, 0.01]
            .into_iter()
            .flat_map(f32::to_le_bytes)
            .collect(),
    }
}
