use std::time::Duration;

use tokio::time::Instant;

use crate::LinkError;

/// Watches whether a connection lives, from byte counts that are looked at now and then: no clock per message.
#[derive(Debug)]
pub(crate) struct Pulse {
    keep_alive: Duration,
    patience: Duration,
    written: (u64, Instant),
    heard: (u64, Instant),
    /// Bytes taken so far, and since when no more are, while some wait.
    stalled: Option<(u64, Instant)>,
    pinged: Option<Instant>,
}

/// What a connection looks like at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glance {
    /// Bytes that the network took.
    pub(crate) written: u64,
    /// Bytes that came.
    pub(crate) heard: u64,
    /// Whether bytes wait to be taken.
    pub(crate) pending: bool,
    /// Whether anybody reads; an answer cannot be missed otherwise.
    pub(crate) reading: bool,
}

impl Pulse {
    pub(crate) fn new(keep_alive: Duration, patience: Duration, now: Instant) -> Self {
        Self {
            keep_alive,
            patience,
            written: (0, now),
            heard: (0, now),
            stalled: None,
            pinged: None,
        }
    }

    /// The answer to a ping came.
    pub(crate) fn ponged(&mut self) {
        self.pinged = None;
    }

    /// Whether it is time to send a ping.
    pub(crate) fn look(&mut self, glance: Glance, now: Instant) -> Result<bool, LinkError> {
        if glance.written != self.written.0 {
            self.written = (glance.written, now);
        }
        if glance.heard != self.heard.0 {
            self.heard = (glance.heard, now);
        }
        self.look_at_writing(glance, now)?;
        if !glance.reading {
            self.pinged = None;
        }
        if let Some(pinged) = self.pinged {
            let waited = now - pinged;
            return match waited > self.patience {
                true => Err(LinkError::Silent {
                    awaited: "answer to a ping",
                    waited,
                }),
                false => Ok(false),
            };
        }
        let due = now - self.written.1 >= self.keep_alive || now - self.heard.1 >= self.keep_alive;
        if due {
            self.pinged = Some(now);
        }
        Ok(due)
    }

    fn look_at_writing(&mut self, glance: Glance, now: Instant) -> Result<(), LinkError> {
        let since = match self.stalled {
            Some((written, since)) if glance.pending && written == glance.written => since,
            _ => now,
        };
        self.stalled = glance.pending.then_some((glance.written, since));
        let waited = now - since;
        match waited > self.patience {
            true => Err(LinkError::Stalled { waited }),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Glance = Glance {
        written: 10,
        heard: 10,
        pending: false,
        reading: true,
    };

    struct Clock(Pulse, Instant);

    impl Clock {
        fn new() -> Self {
            let now = Instant::now();
            let mut pulse = Pulse::new(Duration::from_secs(15), Duration::from_secs(5), now);
            assert!(!pulse.look(IDLE, now).unwrap());
            Self(pulse, now)
        }

        fn look(&mut self, second: u64, glance: Glance) -> Result<bool, LinkError> {
            self.0.look(glance, self.1 + Duration::from_secs(second))
        }
    }

    #[test]
    fn an_idle_connection_is_pinged_and_the_answer_awaited() {
        let mut clock = Clock::new();
        assert!(!clock.look(14, IDLE).unwrap());
        assert!(clock.look(15, IDLE).unwrap());
        assert!(!clock.look(20, IDLE).unwrap(), "one ping at a time");
        assert!(matches!(
            clock.look(21, IDLE),
            Err(LinkError::Silent { .. })
        ));
    }

    #[test]
    fn an_answer_starts_over() {
        let mut clock = Clock::new();
        assert!(clock.look(15, IDLE).unwrap());
        clock.0.ponged();
        let answered = Glance {
            heard: 12,
            written: 12,
            ..IDLE
        };
        assert!(!clock.look(21, answered).unwrap());
        assert!(!clock.look(30, answered).unwrap());
        assert!(clock.look(36, answered).unwrap());
    }

    #[test]
    fn a_broker_is_asked_even_while_we_talk() {
        let mut clock = Clock::new();
        let talking = |written| Glance { written, ..IDLE };
        assert!(!clock.look(10, talking(20)).unwrap());
        assert!(clock.look(16, talking(30)).unwrap(), "it said nothing");
    }

    #[test]
    fn bytes_that_nobody_takes_are_noticed() {
        let mut clock = Clock::new();
        let stuck = Glance {
            pending: true,
            ..IDLE
        };
        assert!(clock.look(1, stuck).is_ok());
        assert!(clock.look(6, stuck).is_ok());
        assert!(matches!(
            clock.look(7, stuck),
            Err(LinkError::Stalled { .. })
        ));
    }

    #[test]
    fn an_answer_is_not_missed_while_nobody_reads() {
        let mut clock = Clock::new();
        let paused = Glance {
            reading: false,
            ..IDLE
        };
        assert!(clock.look(15, IDLE).unwrap());
        assert!(clock.look(30, paused).is_ok());
        assert!(clock.look(99, paused).is_ok());
    }
}
