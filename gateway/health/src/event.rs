//! One struct for each thing that happens to a message: it logs and it counts, so that the two cannot drift.

use std::time::Duration;

use crate::{LastResult, Observed};

/// A pipeline took a message.
#[derive(Debug)]
pub struct Accepted;

/// A message entered a window and completed none.
#[derive(Debug)]
pub struct Windowed;

/// A message got its result.
#[derive(Debug)]
pub struct Resulted {
    /// From acceptance to the encoded result.
    pub latency: Duration,
    /// The guest's call alone.
    pub infer: Duration,
    /// What it said.
    pub result: LastResult,
}

/// A message got no result.
#[derive(Debug)]
pub struct Rejected<'a> {
    /// The stable code.
    pub code: &'static str,
    /// Why, in words.
    pub words: &'a str,
    /// The topic that the message came from.
    pub topic: &'a str,
}

/// A guest was opened: at the start, after it ended, or again for a message that names its model.
#[derive(Debug)]
pub struct Opened<'a> {
    /// Guest and model.
    pub guest: &'a str,
    /// Until it could take its first message.
    pub took: Duration,
    /// Its linear memory.
    pub memory_bytes: u64,
    /// Whether it had made room for another model.
    pub again: bool,
    /// What it runs.
    pub code: Code,
}

/// What a guest runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Code {
    /// It was compiled elsewhere, for every processor of this architecture.
    pub precompiled: bool,
    /// Its instances begin with their model loaded.
    pub snapshot: bool,
}

/// Code for the processor at hand is being made, while other code serves.
#[derive(Debug)]
pub struct Improving<'a> {
    /// Guest and model.
    pub guest: &'a str,
}

/// It took the place of the other, between two messages.
#[derive(Debug)]
pub struct Improved<'a> {
    /// Guest and model.
    pub guest: &'a str,
}

/// It did not.
#[derive(Debug)]
pub struct NotImproved<'a> {
    /// Guest and model.
    pub guest: &'a str,
    /// Why.
    pub why: &'a str,
}

/// A new instance took the place of one that had served its message.
#[derive(Debug)]
pub struct Renewed {
    /// Until it could take its message.
    pub took: Duration,
}

/// A guest was closed to make room for another model.
#[derive(Debug)]
pub struct Closed<'a> {
    /// Guest and model.
    pub guest: &'a str,
}

impl Opened<'_> {
    /// Logs and counts.
    pub fn emit(self, observed: &Observed) {
        let (pipeline, guest, again) = (observed.pipeline(), self.guest, self.again);
        tracing::debug!(pipeline, guest, again, took = ?self.took, "opened");
        observed.count_opened(&self);
    }
}

impl Improving<'_> {
    /// Logs and counts.
    pub fn emit(self, observed: &Observed) {
        let (pipeline, guest) = (observed.pipeline(), self.guest);
        tracing::info!(
            pipeline,
            guest,
            "runs precompiled code; code for this processor is being made in the background"
        );
        observed.count_improving();
    }
}

impl Improved<'_> {
    /// Logs and counts.
    pub fn emit(self, observed: &Observed) {
        let (pipeline, guest) = (observed.pipeline(), self.guest);
        tracing::info!(pipeline, guest, "runs code for this processor from now on");
        observed.count_improved();
    }
}

impl NotImproved<'_> {
    /// Logs and counts.
    pub fn emit(self, observed: &Observed) {
        let (pipeline, guest, why) = (observed.pipeline(), self.guest, self.why);
        tracing::warn!(pipeline, guest, "precompiled code goes on running: {why}");
        observed.count_not_improved(why);
    }
}

impl Renewed {
    /// Logs and counts.
    pub fn emit(self, observed: &Observed) {
        tracing::trace!(pipeline = observed.pipeline(), took = ?self.took, "new instance");
        observed.count_renewed(self.took);
    }
}

impl Closed<'_> {
    /// Logs; what it means for messages is counted when it is opened again.
    pub fn emit(self, observed: &Observed) {
        let (pipeline, guest) = (observed.pipeline(), self.guest);
        tracing::debug!(pipeline, guest, "closed to make room for another model");
    }
}

impl Accepted {
    /// Logs and counts.
    pub fn emit(self, observed: &Observed) {
        observed.count_accepted();
    }
}

impl Windowed {
    /// Logs and counts.
    pub fn emit(self, observed: &Observed) {
        observed.count_windowed();
    }
}

impl Resulted {
    /// Logs and counts.
    pub fn emit(self, observed: &Observed) {
        tracing::trace!(pipeline = observed.pipeline(), device = ?self.result.device, label = ?self.result.label, "result");
        observed.count_result(self.latency, self.infer, self.result);
    }
}

impl Rejected<'_> {
    /// Logs and counts. Powers of two are logged as warnings, the rest at debug level: a faulty sensor must not
    /// fill the journal.
    pub fn emit(self, observed: &Observed) {
        let count = observed.count_reject(&self) + 1;
        let Self { code, words, topic } = self;
        if count.is_power_of_two() {
            tracing::warn!(
                pipeline = observed.pipeline(),
                code,
                topic,
                count,
                "rejected: {words}"
            );
        } else {
            tracing::debug!(
                pipeline = observed.pipeline(),
                code,
                topic,
                count,
                "rejected: {words}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_is_counted_once() {
        let observed = Observed::new("p".to_owned());
        for _ in 0..3 {
            Accepted.emit(&observed);
        }
        Windowed.emit(&observed);
        let rejected = Rejected {
            code: "payload_shape",
            words: "…",
            topic: "t",
        };
        rejected.emit(&observed);
        let result = LastResult {
            device: "d".parse().ok(),
            label: Some("normal".into()),
            confidence: Some(0.9),
        };
        let resulted = Resulted {
            latency: Duration::from_millis(2),
            infer: Duration::from_millis(1),
            result: result.clone(),
        };
        resulted.emit(&observed);
        let counts = observed.counts();
        assert_eq!(
            (
                counts.accepted,
                counts.results,
                counts.rejects,
                counts.windowed
            ),
            (3, 1, 1, 1)
        );
        assert_eq!(observed.last().map(|(_, last)| last), Some(result));
        let reject = observed.last_reject().map(|last| (last.code, last.words));
        assert_eq!(reject, Some(("payload_shape", "…".to_owned())));
        assert_eq!(observed.rejects()["payload_shape"], 1);
        assert!((observed.latency().p50 - 2.0).abs() < 0.05);
    }

    #[test]
    fn what_a_sensor_makes_long_is_kept_short() {
        let observed = Observed::new("p".to_owned());
        let rejected = Rejected {
            code: "payload_shape",
            words: &"ä".repeat(100_000),
            topic: &"t/".repeat(30_000),
        };
        rejected.emit(&observed);
        let last = observed.last_reject().unwrap();
        let letters = |text: &str| text.chars().count();
        assert_eq!((letters(&last.words), letters(&last.topic)), (257, 257));
        assert!(last.words.ends_with('…') && last.topic.ends_with('…'));
    }
}
