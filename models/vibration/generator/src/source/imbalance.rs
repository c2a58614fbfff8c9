use std::f64::consts::TAU;

use super::Source;
use crate::random::Random;
use crate::shaft::Moment;

/// A centrifugal force: strong at shaft speed, growing with its square, `ax` and `ay` a quarter
/// turn apart. The housing is stiffer one way, so the circle is an ellipse.
#[derive(Debug, Clone)]
pub(crate) struct Imbalance {
    amplitude_g: f64,
    phase: f64,
    flatness: f64,
    axial: f64,
    axial_phase: f64,
}

impl Imbalance {
    /// 0.13 to 0.8 g at 25 Hz; a healthy pump keeps up to 0.09 g.
    pub(crate) fn new(mut random: Random) -> Self {
        Self {
            amplitude_g: random.log_between(0.13, 0.8),
            phase: random.angle(),
            flatness: random.between(0.65, 1.0),
            axial: random.between(0.08, 0.25),
            axial_phase: random.angle(),
        }
    }
}

impl Source for Imbalance {
    fn step(&mut self, moment: &Moment) -> [f64; 3] {
        let amplitude_g = self.amplitude_g * (moment.shaft_hz / 25.0).powi(2);
        let angle = TAU * moment.turns + self.phase;
        let (sin, cos) = angle.sin_cos();
        let axial = self.axial * (angle + self.axial_phase).cos();
        [cos, self.flatness * sin, axial].map(|share| amplitude_g * share)
    }
}
