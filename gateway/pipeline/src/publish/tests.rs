use std::sync::Mutex;

use guest_abi::DType;
use weir_engine::Tensor;
use weir_profile::Pipeline;
use weir_transport::{Acknowledge, Ticket};

use super::*;
use crate::{
    Journey, Settled, Step, Timing,
    fixtures::{
        arrival, code, counting_journey, device, journey, little_endian, message, pipeline,
        signature,
    },
};

fn request(response_topic: &str) -> Message {
    let mut request = message(r#"{"ax":1,"ay":2,"az":3}"#);
    request.properties = Properties {
        response_topic: Some(response_topic.to_owned()),
        correlation_data: Some(Bytes::from_static(b"7")),
        user: [("traceparent", "00-1-2-01"), ("other", "x")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec(),
        ..Properties::default()
    };
    request
}

fn journey_of(pipeline: &Pipeline) -> Journey {
    journey(pipeline, &signature(DType::F32, &[1, 3]))
}

fn settle(journey: &mut Journey, message: &Message, elements: usize) -> Settled {
    let device = device();
    let outputs = [
        Tensor {
            name: "class".to_owned(),
            dtype: DType::F32,
            dims: vec![1, 4],
            data: little_endian(&[1.0, 0.0, 0.0, 0.0]),
        },
        Tensor {
            name: "more".to_owned(),
            dtype: DType::F32,
            dims: vec![],
            data: little_endian(&vec![0.125; elements]),
        },
    ];
    match journey.take(arrival(message, &device)) {
        Step::Infer => journey.finish(arrival(message, &device), &outputs, Timing::default()),
        Step::Reject(settled) => *settled,
        Step::Windowed => panic!("there is no window"),
    }
}

#[test]
fn a_request_is_answered_and_published() {
    let settled = settle(&mut journey_of(&pipeline()), &request("replies/a"), 1);
    let (published, reply) = (settled.published.unwrap(), settled.reply.unwrap());
    assert_eq!(reply.topic, "replies/a");
    assert_eq!(reply.payload, published.payload);
    assert_eq!(
        reply.properties.correlation_data.as_deref(),
        Some(&b"7"[..])
    );
    assert_eq!(published.properties.correlation_data, None);
    for outgoing in [&published, &reply] {
        assert_eq!(
            outgoing.properties.user,
            [("traceparent".to_owned(), "00-1-2-01".to_owned())]
        );
        assert!(outgoing.properties.response_topic.is_none());
    }
}

#[test]
fn only_the_reply_goes_out_where_the_pipeline_says_so() {
    let mut only = pipeline();
    only.result.reply_only = true;
    only.result.retain = true;
    let mut journey = journey_of(&only);
    let settled = settle(&mut journey, &request("replies/a"), 1);
    assert!(settled.published.is_none());
    assert!(!settled.reply.unwrap().retain);
    assert!(
        settle(&mut journey, &message(r#"{"ax":1,"ay":2,"az":3}"#), 1)
            .published
            .unwrap()
            .retain
    );
    let refused = settle(&mut journey, &request("a/#"), 1);
    assert!(refused.published.is_some() && refused.reply.is_none());
}

#[test]
fn rejects_are_answered_too() {
    let mut bad = request("replies/a");
    bad.payload = Bytes::from_static(b"[");
    let settled = settle(&mut journey_of(&pipeline()), &bad, 1);
    assert_eq!(code(&settled.kind), Some("payload_not_json"));
    assert!(settled.published.is_some());
    assert_eq!(
        settled.reply.unwrap().properties.content_type.as_deref(),
        Some(JSON)
    );
}

#[test]
fn a_response_topic_that_would_loop_gets_no_reply() {
    let mut journey = journey_of(&pipeline());
    let long = "x".repeat(70_000);
    for topic in [
        "",
        "a/+",
        "a\0b",
        &long,
        "$SYS/x",
        "weir/results/p/d",
        "weir/x",
        "sensors/z/vibration",
    ] {
        let settled = settle(&mut journey, &request(topic), 1);
        assert!(settled.reply.is_none(), "{topic}");
        assert!(settled.reply_refused.unwrap().to_string().len() < 200);
        assert_eq!(code(&settled.kind), None);
    }
}

#[test]
fn a_result_that_no_broker_takes_becomes_a_reject() {
    let substituted = Arc::<AtomicU64>::default();
    let signature = signature(DType::F32, &[1, 3]);
    let mut journey = counting_journey(&pipeline(), &signature, Arc::clone(&substituted));
    assert!(
        settle(&mut journey, &request("replies/a"), 1)
            .published
            .unwrap()
            .substitute
            .is_none()
    );
    let settled = settle(&mut journey, &request("replies/a"), 1000);
    let why = Refusal::TooLarge {
        bytes: 6000,
        bytes_max: 4096,
    };
    let instead = |outgoing: Option<Outgoing>| {
        let outgoing = outgoing.unwrap();
        let substitute = outgoing.substitute.clone().unwrap();
        substitute.substitute(outgoing, &why).unwrap()
    };
    let (published, reply) = (instead(settled.published), instead(settled.reply));
    assert_eq!(published.topic, "weir/rejects/vibration/pump-7");
    assert_eq!(reply.topic, "replies/a");
    assert_eq!(
        reply.properties.correlation_data.as_deref(),
        Some(&b"7"[..])
    );
    assert!(
        std::str::from_utf8(&published.payload)
            .unwrap()
            .contains(r#""code":"result_too_large""#)
    );
    assert!(published.payload.len() < SUBSTITUTE_FROM_BYTES);
    assert_eq!(substituted.load(Ordering::Relaxed), 1);
}

#[derive(Default)]
struct Log(Mutex<Vec<bool>>);

impl Acknowledge for Log {
    fn settled(&self, _: u64) {
        self.0.lock().unwrap().push(true);
    }

    fn abandoned(&self, _: u64) {
        self.0.lock().unwrap().push(false);
    }
}

#[test]
fn a_message_is_acknowledged_after_result_and_reply() {
    let mut journey = journey_of(&pipeline());
    for request in [request("replies/a"), message(r#"{"ax":1,"ay":2,"az":3}"#)] {
        let log = Arc::new(Log::default());
        let ticket = Ticket::new(Arc::<Log>::clone(&log), 1);
        let outgoing: Vec<Outgoing> = settle(&mut journey, &request, 1)
            .into_outgoing(ticket)
            .collect();
        for outgoing in outgoing {
            assert!(log.0.lock().unwrap().is_empty());
            outgoing.ticket.unwrap().settle();
        }
        assert_eq!(*log.0.lock().unwrap(), [true]);
    }
}
