use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weir_profile::DeviceId;

use crate::{
    Code, Opened, Rejected,
    percentiles::{Durations, Percentiles},
};

/// The code of a result that the broker takes no packet for; `weir-pipeline` has the list of codes.
const RESULT_TOO_LARGE: &str = "result_too_large";

/// What is kept of a reject's words and topic, which a sensor may make as long as a packet.
const WORDS_BYTES_MAX: usize = 512;
const TOPIC_BYTES_MAX: usize = 256;

/// What one pipeline was seen to do since the node started. Shared by the threads that do it.
#[derive(Debug)]
pub struct Observed {
    pipeline: String,
    accepted: AtomicU64,
    results: AtomicU64,
    windowed: AtomicU64,
    substituted: Arc<AtomicU64>,
    details: Mutex<Details>,
}

#[derive(Debug)]
struct Details {
    rejects: BTreeMap<&'static str, u64>,
    latency: Durations,
    infer: Durations,
    last: Option<(SystemTime, LastResult)>,
    last_reject: Option<LastReject>,
    guest_memory_bytes: u64,
    cold_start: Duration,
    /// None before the first instance was renewed.
    opening: Option<Durations>,
    reopened: u64,
    code: CodeObserved,
}

/// What a pipeline's guest was seen to run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeObserved {
    /// What the instance runs that was opened last.
    pub runs: Code,
    /// Instances for which code for this processor is being made.
    pub improving: u64,
    /// Times that such code took the place of precompiled code.
    pub improved: u64,
    /// Why it did not, the last time.
    pub why_not: Option<String>,
}

/// Messages per pipeline: accepted = results + rejects + windowed, once all that were accepted are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Messages that the pipeline took.
    pub accepted: u64,
    /// Results.
    pub results: u64,
    /// Payloads that got no result.
    pub rejects: u64,
    /// Messages that entered a window and completed none.
    pub windowed: u64,
}

/// The last result, as a person wants to see it.
#[derive(Debug, Clone, PartialEq)]
pub struct LastResult {
    /// The device.
    pub device: Option<DeviceId>,
    /// The label, where there is one.
    pub label: Option<Arc<str>>,
    /// Its confidence.
    pub confidence: Option<f32>,
}

/// The last reject, as a person wants to see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastReject {
    /// When.
    pub at: SystemTime,
    /// The stable code.
    pub code: &'static str,
    /// Why, in words; shortened where they are long.
    pub words: String,
    /// The topic that the message came from; shortened where it is long.
    pub topic: String,
}

impl Observed {
    /// Nothing observed yet.
    #[must_use]
    pub fn new(pipeline: String) -> Self {
        Self {
            pipeline,
            accepted: AtomicU64::new(0),
            results: AtomicU64::new(0),
            windowed: AtomicU64::new(0),
            substituted: Arc::default(),
            details: Mutex::new(Details {
                rejects: BTreeMap::new(),
                latency: Durations::new(),
                infer: Durations::new(),
                last: None,
                last_reject: None,
                guest_memory_bytes: 0,
                cold_start: Duration::ZERO,
                opening: None,
                reopened: 0,
                code: CodeObserved::default(),
            }),
        }
    }

    /// The pipeline.
    #[must_use]
    pub fn pipeline(&self) -> &str {
        &self.pipeline
    }

    pub(crate) fn count_accepted(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_windowed(&self) {
        self.windowed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_result(&self, latency: Duration, infer: Duration, last: LastResult) {
        self.results.fetch_add(1, Ordering::Relaxed);
        let mut details = self.details.lock();
        details.latency.record(latency);
        details.infer.record(infer);
        details.last = Some((SystemTime::now(), last));
    }

    /// Counts a reject; says how many of this code there were before.
    pub(crate) fn count_reject(&self, rejected: &Rejected<'_>) -> u64 {
        let code = rejected.code;
        let mut details = self.details.lock();
        details.last_reject = Some(LastReject {
            at: SystemTime::now(),
            code,
            words: shortened(rejected.words, WORDS_BYTES_MAX),
            topic: shortened(rejected.topic, TOPIC_BYTES_MAX),
        });
        let count = details.rejects.entry(code).or_insert(0);
        *count += 1;
        *count - 1
    }

    pub(crate) fn count_opened(&self, opened: &Opened<'_>) {
        let mut details = self.details.lock();
        details.cold_start = opened.took;
        details.guest_memory_bytes = opened.memory_bytes;
        details.reopened += u64::from(opened.again);
        details.code.runs = opened.code;
    }

    pub(crate) fn count_improving(&self) {
        self.details.lock().code.improving += 1;
    }

    pub(crate) fn count_improved(&self) {
        let code = &mut self.details.lock().code;
        code.improving = code.improving.saturating_sub(1);
        code.improved += 1;
    }

    pub(crate) fn count_not_improved(&self, why: &str) {
        let code = &mut self.details.lock().code;
        code.improving = code.improving.saturating_sub(1);
        code.why_not = Some(shortened(why, WORDS_BYTES_MAX));
    }

    /// What the guest runs.
    #[must_use]
    pub fn code(&self) -> CodeObserved {
        self.details.lock().code.clone()
    }

    pub(crate) fn count_renewed(&self, took: Duration) {
        let mut details = self.details.lock();
        let opening = details.opening.get_or_insert_with(Durations::new);
        opening.record(took);
    }

    /// Until a new instance could take its message; none where instances are kept.
    #[must_use]
    pub fn opening(&self) -> Option<Percentiles> {
        let details = self.details.lock();
        details.opening.as_ref().map(Durations::percentiles)
    }

    /// Times that a guest was opened again after it had made room for another model.
    #[must_use]
    pub fn reopened(&self) -> u64 {
        self.details.lock().reopened
    }

    /// To be counted up for a result that had to leave as a reject, because the broker takes no packet of its size.
    #[must_use]
    pub fn substituted(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.substituted)
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let substituted = self.substituted.load(Ordering::Relaxed);
        let rejects = self.rejects().values().sum();
        Counts {
            results: self.results.load(Ordering::Relaxed) - substituted,
            rejects,
            windowed: self.windowed.load(Ordering::Relaxed),
            accepted: self.accepted.load(Ordering::Relaxed),
        }
    }

    /// Rejects by code.
    #[must_use]
    pub fn rejects(&self) -> BTreeMap<&'static str, u64> {
        let mut rejects = self.details.lock().rejects.clone();
        let substituted = self.substituted.load(Ordering::Relaxed);
        if substituted > 0 {
            *rejects.entry(RESULT_TOO_LARGE).or_insert(0) += substituted;
        }
        rejects
    }

    /// From acceptance to the encoded result.
    #[must_use]
    pub fn latency(&self) -> Percentiles {
        self.details.lock().latency.percentiles()
    }

    /// The guest's call alone.
    #[must_use]
    pub fn infer(&self) -> Percentiles {
        self.details.lock().infer.percentiles()
    }

    /// The last result, and when it was made.
    #[must_use]
    pub fn last(&self) -> Option<(SystemTime, LastResult)> {
        self.details.lock().last.clone()
    }

    /// The last reject.
    #[must_use]
    pub fn last_reject(&self) -> Option<LastReject> {
        self.details.lock().last_reject.clone()
    }

    /// Time from start to ready of the guest that was opened last, and its linear memory in bytes.
    #[must_use]
    pub fn guest(&self) -> (Duration, u64) {
        let details = self.details.lock();
        (details.cold_start, details.guest_memory_bytes)
    }
}

fn shortened(text: &str, bytes_max: usize) -> String {
    match text.len() > bytes_max {
        false => text.to_owned(),
        true => format!("{}…", &text[..text.floor_char_boundary(bytes_max)]),
    }
}
