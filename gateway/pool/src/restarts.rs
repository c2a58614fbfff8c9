use std::time::{Duration, Instant};

/// Ends in a row after which a guest is still opened anew at once: a message that kills it is tried twice, and the
/// next one must not wait for that.
const AT_ONCE_MAX: u32 = 3;
/// The first wait; each further one is twice as long.
const WAIT_MIN: Duration = Duration::from_millis(200);
/// The longest wait.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// When a guest that ends again and again is opened anew. Between, its messages are refused at once: a lane that
/// keeps starting processes, or waits for them, would take the machine from the others.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    ends_in_a_row: u32,
    due: Option<Instant>,
}

impl Restarts {
    /// The guest crashed, or did not open.
    pub(crate) fn ended(&mut self, now: Instant) {
        self.ends_in_a_row = self.ends_in_a_row.saturating_add(1);
        self.due = self
            .ends_in_a_row
            .checked_sub(AT_ONCE_MAX + 1)
            .map(|doublings| now + wait(doublings));
    }

    /// The guest answered.
    pub(crate) fn worked(&mut self) {
        *self = Self::default();
    }

    /// What is left until the next start; none where it may start.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        let left = self.due?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }
}

fn wait(doublings: u32) -> Duration {
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    WAIT_MIN.saturating_mul(factor).min(WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_end() {
        let start = Instant::now();
        let mut restarts = Restarts::default();
        let waits: Vec<_> = (0..50)
            .map(|_| {
                restarts.ended(start);
                restarts.wait(start).unwrap_or_default().as_millis()
            })
            .collect();
        assert_eq!(waits[..7], [0, 0, 0, 200, 400, 800, 1600]);
        assert!(waits[12..].iter().all(|wait| *wait == 60_000));
    }

    #[test]
    fn an_answer_ends_the_row() {
        let start = Instant::now();
        let mut restarts = Restarts::default();
        for _ in 0..5 {
            restarts.ended(start);
        }
        assert_eq!(restarts.wait(start), Some(Duration::from_millis(400)));
        assert_eq!(restarts.wait(start + Duration::from_millis(400)), None);
        restarts.worked();
        restarts.ended(start);
        assert_eq!(restarts.wait(start), None);
    }
}
