use std::hint::black_box;

use bytes::Bytes;
use criterion::Criterion;
use weir_pipeline::Router;
use weir_transport::{Message, Properties, QoS};

/// The pipelines of a message are found by its topic.
pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("route");
    for pipelines in [1, 64] {
        let sections = (0..pipelines).map(|number| {
            format!(
                "[pipeline.p{number}]\ntopic = \"site/{number}/{{device}}/vibration\"\nprofile = \"pi-4\"\n\
                 guest = \"anomaly\"\ndecode = {{ codec = \"raw\", dtype = \"f32\" }}\n"
            )
        });
        let text: String = sections.collect();
        let settings = weir_profile::parse(&text)
            .expect("a good configuration")
            .settings;
        let router = Router::new(&settings.pipelines, "weir").expect("filters that may be taken");
        let message = message(format!("site/{}/pump-7/vibration", pipelines - 1), &[]);
        group.bench_function(format!("{pipelines} pipelines"), |bencher| {
            bencher.iter(|| router.route(black_box(&message)).count());
        });
    }
    group.finish();
}

/// A message as a sensor sends it.
pub(crate) fn message(topic: String, payload: &[u8]) -> Message {
    Message {
        topic: topic.into(),
        payload: Bytes::copy_from_slice(payload),
        qos: QoS::AtLeastOnce,
        retained: false,
        duplicate: false,
        properties: Properties::default(),
    }
}
