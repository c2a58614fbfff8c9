//! What sensors publish.

use vibration_generator::{Condition, SAMPLE_HZ, Split};

/// A sample of three axes with an identity of its own.
pub(crate) fn sample(id: &str) -> String {
    format!(r#"{{"id":"{id}","ax":0.1,"ay":-0.2,"az":1.0}}"#)
}

/// So many samples, with identities `<prefix>-<number>`.
pub(crate) fn samples(prefix: &str, count: usize) -> Vec<String> {
    ids(prefix, count).iter().map(|id| sample(id)).collect()
}

/// The identities of [`samples`].
pub(crate) fn ids(prefix: &str, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("{prefix}-{number}"))
        .collect()
}

/// One window of a simulated pump: 128 samples, in thousandths of g, with their own time.
pub(crate) fn pump(condition: Condition, number: u32) -> Vec<String> {
    let window = Split::Demo.window(condition, number);
    let places = (0_u32..).zip(window);
    let sample = |(place, axes): (u32, [f32; 3])| {
        let [ax, ay, az] = axes.map(|g| g * 1_000.0);
        let t = 1_700_000_000.0 + f64::from(place) / SAMPLE_HZ;
        let id = format!("{}-{number}-{place}", condition.label());
        format!(r#"{{"id":"{id}","t":{t:.4},"ax":{ax:.3},"ay":{ay:.3},"az":{az:.3}}}"#)
    };
    places.map(sample).collect()
}
