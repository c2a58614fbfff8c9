#![expect(
    clippy::as_conversions,
    reason = "numeric kernel: readings leave as f32"
)]

use std::f64::consts::TAU;

use crate::STEP_SECONDS;
use crate::random::Random;

/// Largest reading, in g: the usual widest range of a MEMS accelerometer.
const RANGE_G: f64 = 16.0;

/// Steps of a reading for each g.
const STEPS_PER_G: f64 = 1_000.0;

/// A three-axis accelerometer: mounted a little askew, with an offset, a filter against aliases,
/// noise, and readings in steps of 1 mg.
#[derive(Debug, Clone)]
pub(crate) struct Sensor {
    orientation: [[f64; 3]; 3],
    offset_g: [f64; 3],
    noise_g: f64,
    filters: [LowPass; 3],
    filtered: [f64; 3],
    random: Random,
}

impl Sensor {
    /// Tilted by up to 5° and turned by up to 15°, offset by up to 40 mg, 4 to 15 mg of noise.
    pub(crate) fn new(mut random: Random) -> Self {
        let tilt = 5.0_f64.to_radians();
        let turn = 15.0_f64.to_radians();
        let roll = random.between(-tilt, tilt);
        let pitch = random.between(-tilt, tilt);
        let yaw = random.between(-turn, turn);
        Self {
            orientation: rotation(roll, pitch, yaw),
            offset_g: [0; 3].map(|_| random.between(-0.04, 0.04)),
            noise_g: random.log_between(0.004, 0.015),
            filters: [LowPass::new(), LowPass::new(), LowPass::new()],
            filtered: [0.0; 3],
            random,
        }
    }

    /// One step of the simulation: acceleration of the housing without gravity, in g.
    pub(crate) fn feel(&mut self, [across, across_too, along]: [f64; 3]) {
        let felt = [across, across_too, along + 1.0];
        for (axis, row) in self.orientation.iter().enumerate() {
            let projected = row.iter().zip(felt).map(|(share, part)| share * part).sum();
            self.filtered[axis] = self.filters[axis].step(projected);
        }
    }

    /// The sample at this moment, in g.
    pub(crate) fn read(&mut self) -> [f32; 3] {
        [0, 1, 2].map(|axis| {
            let noise = self.noise_g * self.random.normal();
            let reading =
                (self.filtered[axis] + self.offset_g[axis] + noise).clamp(-RANGE_G, RANGE_G);
            ((reading * STEPS_PER_G).round() / STEPS_PER_G) as f32
        })
    }
}

fn rotation(roll: f64, pitch: f64, yaw: f64) -> [[f64; 3]; 3] {
    let ((sr, cr), (sp, cp), (sy, cy)) = (roll.sin_cos(), pitch.sin_cos(), yaw.sin_cos());
    [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
}

/// A Butterworth filter of the fourth order at 180 Hz, as two sections.
#[derive(Debug, Clone)]
struct LowPass {
    sections: [Section; 2],
}

impl LowPass {
    fn new() -> Self {
        Self {
            sections: [Section::new(0.541_196_1), Section::new(1.306_563)],
        }
    }

    fn step(&mut self, input: f64) -> f64 {
        self.sections
            .iter_mut()
            .fold(input, |value, section| section.step(value))
    }
}

/// A section of the second order, direct form II transposed.
#[derive(Debug, Clone)]
struct Section {
    forward: [f64; 3],
    back: [f64; 2],
    held: [f64; 2],
}

impl Section {
    fn new(quality: f64) -> Self {
        const CORNER_HZ: f64 = 180.0;
        let (sin, cos) = (TAU * CORNER_HZ * STEP_SECONDS).sin_cos();
        let alpha = sin / (2.0 * quality);
        let scale = 1.0 / (1.0 + alpha);
        let side = (1.0 - cos) / 2.0 * scale;
        Self {
            forward: [side, 2.0 * side, side],
            back: [-2.0 * cos * scale, (1.0 - alpha) * scale],
            held: [0.0; 2],
        }
    }

    fn step(&mut self, input: f64) -> f64 {
        let output = self.forward[0] * input + self.held[0];
        self.held[0] = self.forward[1] * input - self.back[0] * output + self.held[1];
        self.held[1] = self.forward[2] * input - self.back[1] * output;
        output
    }
}
