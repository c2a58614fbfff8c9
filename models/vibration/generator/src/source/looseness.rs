use std::f64::consts::TAU;

use super::Source;
use crate::STEP_SECONDS;
use crate::random::Random;
use crate::shaft::Moment;

/// Half orders come from a part that lifts every second turn.
const ORDERS: [f64; 9] = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0];

/// A housing that works against its foot: many harmonics whose phases wander, cut off on the side
/// where the foot stops it, mostly in one direction.
#[derive(Debug, Clone)]
pub(crate) struct Looseness {
    amplitude_g: f64,
    harmonics: [Harmonic; ORDERS.len()],
    unsteadiness: f64,
    stop: f64,
    direction: [f64; 3],
    random: Random,
}

#[derive(Debug, Clone, Copy)]
struct Harmonic {
    order: f64,
    share: f64,
    phase: f64,
}

impl Looseness {
    /// 0.13 to 0.7 g, cut off at 40 to 90 % of that on one side.
    pub(crate) fn new(mut random: Random) -> Self {
        let (sin, cos) = random.angle().sin_cos();
        Self {
            amplitude_g: random.log_between(0.13, 0.7),
            harmonics: harmonics(&mut random),
            unsteadiness: random.between(1.0, 3.0),
            stop: random.between(0.4, 0.9),
            direction: [cos, sin, random.between(-0.5, 0.5)],
            random,
        }
    }
}

impl Source for Looseness {
    fn step(&mut self, moment: &Moment) -> [f64; 3] {
        let wander = self.unsteadiness * STEP_SECONDS.sqrt();
        let mut free = 0.0;
        for harmonic in &mut self.harmonics {
            harmonic.phase += wander * self.random.normal();
            free += harmonic.share * (TAU * harmonic.order * moment.turns + harmonic.phase).cos();
        }
        let stopped = self.amplitude_g * moment.load * free.min(self.stop);
        self.direction.map(|share| share * stopped)
    }
}

/// Shares that fall with the order, scaled so that the sum of their squares is 1.
fn harmonics(random: &mut Random) -> [Harmonic; ORDERS.len()] {
    let mut drawn = ORDERS.map(|order| {
        let half_order = order.fract() > 0.0;
        let share = if half_order {
            random.between(0.15, 0.6)
        } else {
            random.between(0.4, 1.0)
        };
        Harmonic {
            order,
            share: share / order.max(1.0).sqrt(),
            phase: random.angle(),
        }
    });
    let norm = drawn
        .iter()
        .map(|harmonic| harmonic.share.powi(2))
        .sum::<f64>()
        .sqrt();
    for harmonic in &mut drawn {
        harmonic.share /= norm;
    }
    drawn
}
