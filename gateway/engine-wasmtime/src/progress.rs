use std::time::{Duration, Instant};

use crate::make::Phase;

/// How long an order takes before anything is told of it, and how often it is told from then on.
const TOLD_AFTER: Duration = Duration::from_secs(2);
const TOLD_EVERY: Duration = Duration::from_secs(5);
/// The same of what nobody waits for.
const TOLD_EVERY_UNHURRIED: Duration = Duration::from_secs(60);

/// Tells in the log how far the compiling of a guest is, where it takes long enough to be waited for.
pub(crate) struct Progress<'a> {
    guest: &'a str,
    started: Instant,
    told: Instant,
    phase: Option<Phase>,
    is_long: bool,
    waits: bool,
}

impl<'a> Progress<'a> {
    /// Of code that is waited for, or is not.
    pub(crate) fn of(guest: &'a str, waits: bool) -> Self {
        let now = Instant::now();
        Self {
            guest,
            started: now,
            told: now,
            phase: None,
            is_long: false,
            waits,
        }
    }

    /// Whether somebody waits for it.
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }

    /// Called at every new phase, and every now and then.
    pub(crate) fn tell(&mut self, phase: Phase) {
        let (guest, seconds) = (self.guest, self.started.elapsed().as_secs());
        if self.phase.replace(phase) != Some(phase) {
            tracing::debug!(guest, "guest {guest}: {phase} begins after {seconds} s");
        }
        let silent = match (self.is_long, self.waits) {
            (false, _) => TOLD_AFTER,
            (true, true) => TOLD_EVERY,
            (true, false) => TOLD_EVERY_UNHURRIED,
        };
        if self.told.elapsed() < silent {
            return;
        }
        if !self.is_long {
            tracing::info!(
                guest,
                "guest {guest} is made ready for wasmtime: once for each version of it and of its model"
            );
        }
        self.is_long = true;
        self.told = Instant::now();
        tracing::info!(guest, "guest {guest}: {phase} ({seconds} s)");
    }

    /// Called where it was made ready.
    pub(crate) fn end(self) {
        let (guest, took) = (self.guest, self.started.elapsed());
        if self.is_long {
            tracing::info!(guest, ?took, "guest {guest} is ready");
        } else {
            tracing::debug!(guest, ?took, "guest {guest} is ready");
        }
    }
}
