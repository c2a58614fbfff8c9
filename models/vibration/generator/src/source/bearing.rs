use std::f64::consts::TAU;

use super::resonator::Resonator;
use super::{Resonance, Source};
use crate::random::Random;
use crate::shaft::Moment;

/// Balls that pass a spall for each turn of the shaft (a 6205-like bearing with nine balls).
const BALL_PASS_ORDER: f64 = 3.58;

/// A spall in the outer race: every ball that passes strikes the structure, which rings.
#[derive(Debug, Clone)]
pub(crate) struct BearingFault {
    amplitude_g: f64,
    order: f64,
    slip: f64,
    modulation: f64,
    modulation_phase: f64,
    direction: [f64; 3],
    next_impact_turns: Option<f64>,
    structure: Resonator,
    random: Random,
}

impl BearingFault {
    /// Impacts of 0.12 to 0.8 g, 1 to 3 % slip, 20 to 70 % stronger under the load once a turn.
    pub(crate) fn new(resonance: Resonance, mut random: Random) -> Self {
        let (sin, cos) = random.angle().sin_cos();
        Self {
            amplitude_g: random.log_between(0.12, 0.8),
            order: BALL_PASS_ORDER * random.between(0.99, 1.01),
            slip: random.between(0.01, 0.03),
            modulation: random.between(0.2, 0.7),
            modulation_phase: random.angle(),
            direction: [cos, sin, random.between(0.2, 0.5)],
            next_impact_turns: None,
            structure: resonance.at_rest(),
            random,
        }
    }

    /// Zero between impacts. Slip makes each interval its own: the train is not periodic.
    fn impact(&mut self, moment: &Moment) -> f64 {
        let due = *self
            .next_impact_turns
            .get_or_insert(moment.turns + self.random.unit() / self.order);
        if moment.turns < due {
            return 0.0;
        }
        let interval = (1.0 + self.slip * self.random.normal()).max(0.5) / self.order;
        self.next_impact_turns = Some(due.max(moment.turns - interval) + interval);
        let under_load = 1.0 + self.modulation * (TAU * moment.turns + self.modulation_phase).cos();
        let scatter = (1.0 + 0.2 * self.random.normal()).max(0.2);
        self.amplitude_g * moment.load * under_load * scatter
    }
}

impl Source for BearingFault {
    fn step(&mut self, moment: &Moment) -> [f64; 3] {
        let impact = self.impact(moment);
        let ringing = self.structure.step(impact);
        self.direction.map(|share| share * ringing)
    }
}
