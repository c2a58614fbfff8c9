use std::f64::consts::TAU;

use crate::STEP_SECONDS;
use crate::random::Random;

/// The structure's natural frequency and damping: a fact of one pump, which every source that
/// strikes the structure meets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resonance {
    natural_hz: f64,
    damping_ratio: f64,
}

impl Resonance {
    /// 140 to 160 Hz, 2.5 to 6 % of critical damping.
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            natural_hz: random.between(140.0, 160.0),
            damping_ratio: random.between(0.025, 0.06),
        }
    }

    pub(super) fn at_rest(self) -> Resonator {
        let decay = (-TAU * self.natural_hz * self.damping_ratio * STEP_SECONDS).exp();
        let damped_hz = self.natural_hz * (1.0 - self.damping_ratio.powi(2)).sqrt();
        let (sin, cos) = (TAU * damped_hz * STEP_SECONDS).sin_cos();
        Resonator {
            last: 0.0,
            before: 0.0,
            of_last: 2.0 * decay * cos,
            of_before: -decay * decay,
            of_push: decay * sin,
        }
    }
}

/// A damped spring: an impact of 1 rings as a decaying sine that starts with an envelope of 1.
#[derive(Debug, Clone)]
pub(super) struct Resonator {
    last: f64,
    before: f64,
    of_last: f64,
    of_before: f64,
    of_push: f64,
}

impl Resonator {
    pub(super) fn step(&mut self, push: f64) -> f64 {
        let now = self.of_last * self.last + self.of_before * self.before + self.of_push * push;
        (self.before, self.last) = (self.last, now);
        now
    }
}
