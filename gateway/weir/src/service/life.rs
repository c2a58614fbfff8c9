//! Whether the node lives: what the watchdog of the service manager, and `weir status`, are told.
//!
//! The network's own thread looks, so that a look proves that it goes round: it carries both connections and the
//! intake. What it looks at is whether the intake has ended, and whether every shard of every lane comes back from its
//! work in the time that its guest's deadlines promise. What waits (for messages, for room in a queue, for a broker
//! that is away) is no fault.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{
    task::AbortHandle,
    time::{MissedTickBehavior, interval},
};
use weir_pool::{Beat, Pulse};

use super::notify;

/// How often it is looked, unless the watchdog wants to hear more often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What a shard may take beyond the deadlines of its guest: decoding, and a machine that is busy with something else.
const MARGIN: Duration = Duration::from_secs(10);
/// Looks that the network's thread may be late with.
const LOOKS_MISSED_MAX: u32 = 6;

/// What was found at the last look.
#[derive(Debug)]
pub(crate) struct Life {
    started: Instant,
    /// Between two looks.
    every: Duration,
    looked_ms: AtomicU64,
    fault: Mutex<Option<String>>,
    ending: AtomicBool,
}

impl Life {
    pub(crate) fn begin() -> Self {
        let watchdog = sd_notify::watchdog_enabled();
        let every = watchdog.map_or(LOOK_EVERY, |within| LOOK_EVERY.min(within / 3));
        Self {
            started: Instant::now(),
            every: every.max(Duration::from_millis(1)),
            looked_ms: AtomicU64::new(0),
            fault: Mutex::new(None),
            ending: AtomicBool::new(false),
        }
    }

    /// What is stuck, if anything is.
    pub(crate) fn fault(&self, now: Instant) -> Option<String> {
        let looked = self.started + Duration::from_millis(self.looked_ms.load(Relaxed));
        let waited = now.saturating_duration_since(looked);
        if waited > self.every * LOOKS_MISSED_MAX {
            let seconds = waited.as_secs();
            return Some(format!(
                "the thread of the network has not come back for {seconds} s"
            ));
        }
        self.fault.lock().clone()
    }

    /// From now on, intake and shards end because they are told to.
    pub(crate) fn end(&self) {
        self.ending.store(true, Relaxed);
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Relaxed)
    }

    /// Notes a look; gives what changed.
    fn note(&self, fault: Option<String>, now: Instant) -> Change {
        let since = now.saturating_duration_since(self.started).as_millis();
        self.looked_ms
            .store(u64::try_from(since).unwrap_or(u64::MAX), Relaxed);
        let mut known = self.fault.lock();
        let change = match (&*known, &fault) {
            (None, Some(fault)) => Change::Stuck(fault.clone()),
            (Some(_), None) => Change::Back,
            (None, None) | (Some(_), Some(_)) => Change::None,
        };
        *known = fault;
        change
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Change {
    None,
    Stuck(String),
    Back,
}

/// A shard, and since when it is at the work that it is at.
struct Shard {
    pipeline: String,
    at: Option<(u64, Instant)>,
}

impl Shard {
    fn new(pipeline: String) -> Self {
        Self { pipeline, at: None }
    }

    /// What is wrong with it, in words.
    fn look(
        &mut self,
        beat: Beat,
        back_within: Duration,
        now: Instant,
        ending: bool,
    ) -> Option<String> {
        let pipeline = &self.pipeline;
        let (turn, since) = match (beat, self.at) {
            (Beat::Waits, _) => {
                self.at = None;
                return None;
            }
            (Beat::Ended, _) if ending => return None,
            (Beat::Ended, _) => {
                return Some(format!(
                    "the guest of pipeline {pipeline} has ended: its messages stay unacknowledged"
                ));
            }
            (Beat::Works(turn), Some((same, since))) if turn == same => (turn, since),
            (Beat::Works(turn), _) => (turn, now),
        };
        self.at = Some((turn, since));
        let back_within = back_within + MARGIN;
        (now.saturating_duration_since(since) > back_within).then(|| {
            let seconds = back_within.as_secs();
            format!(
                "the guest of pipeline {pipeline} is not back after {seconds} s, which is beyond its deadlines"
            )
        })
    }
}

/// Looks again and again, on the network's own thread, and tells the service manager's watchdog as long as all is well.
pub(crate) async fn watch(life: Arc<Life>, pulses: Vec<(String, Pulse)>, intake: AbortHandle) {
    let shards = pulses.into_iter();
    let mut shards: Vec<_> = shards
        .map(|(pipeline, pulse)| (Shard::new(pipeline), pulse))
        .collect();
    let mut ticks = interval(life.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (now, ending) = (Instant::now(), life.is_ending());
        let mut fault = (intake.is_finished() && !ending)
            .then(|| "the intake has ended: no message is taken".to_owned());
        for (shard, pulse) in &mut shards {
            let found = shard.look(pulse.beat(), pulse.back_within(), now, ending);
            fault = fault.or(found);
        }
        if fault.is_none() {
            notify::alive();
        }
        match life.note(fault, now) {
            Change::Stuck(fault) => tracing::error!("stuck: {fault}"),
            Change::Back => tracing::warn!("what was stuck has come back"),
            Change::None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A shard that promises to be back after a minute, looked at in these seconds.
    fn faults(looks: &[(u32, Beat)]) -> Vec<bool> {
        let start = Instant::now();
        let mut shard = Shard::new("pump".to_owned());
        let looks = looks.iter().map(|(second, beat)| {
            let fault = shard.look(*beat, SECOND * 60, start + SECOND * *second, false);
            if let Some(words) = &fault {
                assert!(words.contains("pipeline pump"), "{words}");
            }
            fault.is_some()
        });
        looks.collect()
    }

    #[test]
    fn a_shard_that_stays_at_one_message_beyond_its_deadlines_is_stuck() {
        let beyond = 60 + u32::try_from(MARGIN.as_secs()).unwrap();
        let at_it = Beat::Works(7);
        let seen = faults(&[(5, at_it), (5 + beyond, at_it), (6 + beyond, at_it)]);
        assert_eq!(seen, [false, false, true]);
        let back = faults(&[(0, at_it), (99, at_it), (100, Beat::Waits), (101, at_it)]);
        assert_eq!(back, [false, true, false, false]);
    }

    #[test]
    fn a_shard_that_is_always_busy_with_something_new_lives() {
        let busy: Vec<_> = (0..100)
            .map(|look| (look * 50, Beat::Works(u64::from(look) * 2 + 1)))
            .collect();
        assert!(faults(&busy).iter().all(|fault| !fault));
        assert!(!faults(&[(0, Beat::Waits), (9_999, Beat::Waits)])[1]);
    }

    #[test]
    fn a_shard_ends_in_order_only_when_the_node_does() {
        let now = Instant::now();
        let look = |ending| Shard::new("pump".to_owned()).look(Beat::Ended, SECOND, now, ending);
        assert!(look(false).is_some_and(|words| words.contains("has ended")));
        assert_eq!(look(true), None);
    }

    #[test]
    fn a_network_that_does_not_come_back_is_noticed_without_it() {
        let life = Life::begin();
        let now = life.started;
        assert_eq!(life.note(None, now + SECOND), Change::None);
        let late = now + SECOND + life.every * LOOKS_MISSED_MAX;
        assert_eq!(life.fault(late), None);
        let words = life.fault(late + SECOND).unwrap();
        assert!(words.contains("network"), "{words}");
    }

    #[test]
    fn a_fault_is_told_once_and_so_is_its_end() {
        let life = Life::begin();
        let now = life.started;
        let fault = || Some("x".to_owned());
        assert_eq!(life.note(fault(), now), Change::Stuck("x".to_owned()));
        assert_eq!(life.note(fault(), now), Change::None);
        assert_eq!(life.fault(now), fault());
        assert_eq!(life.note(None, now), Change::Back);
        assert_eq!(life.fault(now), None);
    }
}
