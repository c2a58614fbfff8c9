use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::models::Guests;

/// What a shard that has ended counts.
const ENDED: u64 = u64::MAX;

/// Shows from outside whether a shard comes back from its work. Costs no clock: a shard counts up when it takes something
/// up and when it is done, and whoever looks notes for how long the count stays as it is.
#[derive(Debug, Clone)]
pub struct Pulse {
    turns: Arc<AtomicU64>,
    back_within: Duration,
}

/// What a shard does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// It waits: for messages, or for the way out.
    Waits,
    /// It works on its so-manieth piece of work.
    Works(u64),
    /// It takes no messages any more: the lane was dropped, the sink is closed, or it panicked.
    Ended,
}

/// The shard's side. Dropped with the shard.
#[derive(Debug)]
pub(crate) struct Working(Arc<AtomicU64>);

impl Pulse {
    /// Of a shard that runs these guests.
    pub(crate) fn of(guests: &Guests) -> (Self, Working) {
        let turns = Arc::new(AtomicU64::new(0));
        let pulse = Self {
            turns: Arc::clone(&turns),
            back_within: back_within(guests),
        };
        (pulse, Working(turns))
    }

    /// What it does now.
    #[must_use]
    pub fn beat(&self) -> Beat {
        match self.turns.load(Relaxed) {
            ENDED => Beat::Ended,
            turn if turn % 2 == 1 => Beat::Works(turn),
            _ => Beat::Waits,
        }
    }

    /// The time after which it is back from any piece of work, as the limits of its guests promise: a message whose guest
    /// ends is tried twice, and the guest is opened anew for each.
    #[must_use]
    pub const fn back_within(&self) -> Duration {
        self.back_within
    }
}

impl Working {
    /// Does a piece of work.
    pub(crate) fn at<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.fetch_add(1, Relaxed);
        let done = work();
        self.0.fetch_add(1, Relaxed);
        done
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.store(ENDED, Relaxed);
    }
}

fn back_within(guests: &Guests) -> Duration {
    let once = |limits: &weir_engine::Limits| limits.load_deadline + limits.call_deadline;
    let limits = guests.sources.iter().map(|source| once(&source.limits));
    limits.max().unwrap_or_default() * 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Shared, source};

    #[test]
    fn a_shard_is_seen_at_work_until_it_is_back() {
        let (pulse, working) = Pulse::of(&guests());
        assert_eq!(pulse.beat(), Beat::Waits);
        working.at(|| assert_eq!(pulse.beat(), Beat::Works(1)));
        assert_eq!(pulse.beat(), Beat::Waits);
        working.at(|| assert_eq!(pulse.beat(), Beat::Works(3)));
        drop(working);
        assert_eq!(pulse.beat(), Beat::Ended);
    }

    #[test]
    fn a_shard_that_panics_is_seen_to_have_ended() {
        let (pulse, working) = Pulse::of(&guests());
        let panicked = std::thread::spawn(move || working.at(|| panic!("the test's own"))).join();
        assert!(panicked.is_err());
        assert_eq!(pulse.beat(), Beat::Ended);
    }

    #[test]
    fn it_may_take_as_long_as_opening_and_calling_twice() {
        let guests = guests();
        let limits = &guests.sources[0].limits;
        let once = limits.load_deadline + limits.call_deadline;
        assert_eq!(Pulse::of(&guests).0.back_within(), once * 2);
    }

    fn guests() -> Guests {
        Guests::from(source(&Shared::default()))
    }
}
