use crate::random::Random;
use crate::{SAMPLE_HZ, STEP_SECONDS};

/// What every source of vibration is told of the pump at one step of the simulation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Revolutions since the start.
    pub(crate) turns: f64,
    /// Revolutions per second.
    pub(crate) shaft_hz: f64,
    /// Share of the nominal load, near 1.
    pub(crate) load: f64,
}

/// The rotor: its speed and its load, both drifting.
#[derive(Debug, Clone)]
pub(crate) struct Shaft {
    turns: f64,
    nominal_hz: f64,
    nominal_load: f64,
    speed_drift: Drift,
    load_drift: Drift,
    random: Random,
}

impl Shaft {
    /// 20 to 30 Hz, drifting by 0.4 %; 60 to 120 % load, drifting by 10 %.
    pub(crate) fn new(mut random: Random) -> Self {
        Self {
            turns: random.unit(),
            nominal_hz: random.between(20.0, 30.0),
            nominal_load: random.between(0.6, 1.2),
            speed_drift: Drift::new(0.004, 4.0, &mut random),
            load_drift: Drift::new(0.10, 2.5, &mut random),
            random,
        }
    }

    /// Once for each sample: speed and load move.
    pub(crate) fn drift(&mut self) {
        self.speed_drift.step(&mut self.random);
        self.load_drift.step(&mut self.random);
    }

    /// Once for each step: the rotor turns.
    pub(crate) fn turn(&mut self) -> Moment {
        let shaft_hz = self.nominal_hz * (1.0 + self.speed_drift.value);
        self.turns += shaft_hz * STEP_SECONDS;
        let load = (self.nominal_load * (1.0 + self.load_drift.value)).max(0.3);
        Moment {
            turns: self.turns,
            shaft_hz,
            load,
        }
    }
}

/// A value that wanders around zero (an Ornstein–Uhlenbeck process).
#[derive(Debug, Clone)]
struct Drift {
    value: f64,
    keep: f64,
    push: f64,
}

impl Drift {
    fn new(deviation: f64, time_constant_s: f64, random: &mut Random) -> Self {
        let keep = (-1.0 / (SAMPLE_HZ * time_constant_s)).exp();
        let push = deviation * (1.0 - keep * keep).sqrt();
        Self {
            value: deviation * random.normal(),
            keep,
            push,
        }
    }

    fn step(&mut self, random: &mut Random) {
        self.value = self.keep * self.value + self.push * random.normal();
    }
}
