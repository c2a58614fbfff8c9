use std::time::Duration;

use crate::Backoff;

/// The pauses of one connection.
#[derive(Debug)]
pub(crate) struct Pauses {
    bounds: Backoff,
    failures: u32,
}

impl Pauses {
    pub(crate) fn new(bounds: Backoff) -> Self {
        Self {
            bounds,
            failures: 0,
        }
    }

    /// Attempts that failed since the last connection that lived.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// How long to wait after a connection that lived for so long; `lasting` failures wait longest at once.
    pub(crate) fn after(&mut self, lived: Duration, lasting: bool) -> Duration {
        if lived >= self.bounds.max {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        if lasting {
            return jittered(self.bounds.max);
        }
        jittered(doubled(self.bounds, self.failures))
    }
}

/// The pause before the attempt after so many failures, without jitter.
pub(crate) fn doubled(bounds: Backoff, failures: u32) -> Duration {
    let factor = 1_u32 << failures.saturating_sub(1).min(16);
    bounds.min.saturating_mul(factor).min(bounds.max)
}

fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Backoff = Backoff {
        min: Duration::from_millis(200),
        max: Duration::from_secs(30),
    };

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<_> = (1..=10).map(|n| doubled(BOUNDS, n).as_millis()).collect();
        assert_eq!(
            pauses,
            [
                200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000
            ]
        );
    }

    #[test]
    fn only_a_connection_that_lived_starts_over() {
        let mut pauses = Pauses::new(BOUNDS);
        for _ in 0..5 {
            pauses.after(Duration::from_secs(1), false);
        }
        assert_eq!(pauses.failures(), 5);
        pauses.after(Duration::from_secs(31), false);
        assert_eq!(pauses.failures(), 1);
    }

    #[test]
    fn a_wrong_password_is_not_hammered() {
        let mut pauses = Pauses::new(BOUNDS);
        assert!(pauses.after(Duration::ZERO, true) >= BOUNDS.max / 2);
    }
}
