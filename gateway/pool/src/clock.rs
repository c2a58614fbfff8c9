use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use weir_pipeline::Now;

/// The clocks, as pipelines are told the time: wall time is read anew, monotonic time counts from the start.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts to count.
    #[must_use]
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Now {
        self.at(Instant::now())
    }

    /// The time at a moment that is past.
    #[must_use]
    pub fn at(&self, moment: Instant) -> Now {
        let wall = SystemTime::now()
            .checked_sub(moment.elapsed())
            .unwrap_or(UNIX_EPOCH);
        let wall = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            wall_us: i64::try_from(wall.as_micros()).unwrap_or(i64::MAX),
            monotonic_us: micros(moment.saturating_duration_since(self.start)),
        }
    }
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
