use crate::condition::Condition;
use crate::random::Random;
use crate::sensor::Sensor;
use crate::shaft::Shaft;
use crate::source::{BearingFault, Healthy, Imbalance, Looseness, Resonance, Source};
use crate::{OVERSAMPLING, SAMPLE_HZ, WINDOW, Window};

/// How long a fault takes to develop, or a repair to show, after [`Pump::set_condition`].
pub const ONSET_SECONDS: f64 = 1.0;

/// Samples dropped at the start: the filter and the structure come to their steady state.
const SETTLING_SAMPLES: usize = 100;

/// One pump with its sensor.
///
/// The seed decides everything about it: speed, load, amplitudes, how bad each fault would be, how
/// the sensor sits. The condition decides only which fault is there.
#[derive(Debug, Clone)]
pub struct Pump {
    condition: Condition,
    shaft: Shaft,
    healthy: Healthy,
    imbalance: Developing<Imbalance>,
    bearing: Developing<BearingFault>,
    looseness: Developing<Looseness>,
    sensor: Sensor,
}

impl Pump {
    /// A running pump whose condition is fully developed. Take the seed from [`crate::Split::seed`].
    pub fn new(seed: u64, condition: Condition) -> Self {
        let mut random = Random::new(seed);
        let resonance = Resonance::new(&mut random);
        let mut pump = Self {
            condition,
            shaft: Shaft::new(random.fork()),
            healthy: Healthy::new(resonance, random.fork()),
            imbalance: Developing::new(Imbalance::new(random.fork())),
            bearing: Developing::new(BearingFault::new(resonance, random.fork())),
            looseness: Developing::new(Looseness::new(random.fork())),
            sensor: Sensor::new(random.fork()),
        };
        pump.imbalance.level = level(condition, Condition::Imbalance);
        pump.bearing.level = level(condition, Condition::BearingFault);
        pump.looseness.level = level(condition, Condition::Looseness);
        for _ in 0..SETTLING_SAMPLES {
            pump.next_sample();
        }
        pump
    }

    /// What the pump suffers from, or is about to.
    pub fn condition(&self) -> Condition {
        self.condition
    }

    /// The fault that was there fades and the new one grows, within [`ONSET_SECONDS`].
    pub fn set_condition(&mut self, condition: Condition) {
        self.condition = condition;
    }

    /// The next reading, `[ax, ay, az]` in g, 1 / [`SAMPLE_HZ`] s after the one before.
    pub fn next_sample(&mut self) -> [f32; 3] {
        self.shaft.drift();
        self.imbalance
            .develop(level(self.condition, Condition::Imbalance));
        self.bearing
            .develop(level(self.condition, Condition::BearingFault));
        self.looseness
            .develop(level(self.condition, Condition::Looseness));
        for _ in 0..OVERSAMPLING {
            let moment = self.shaft.turn();
            let sources: [&mut dyn Source; 4] = [
                &mut self.healthy,
                &mut self.imbalance,
                &mut self.bearing,
                &mut self.looseness,
            ];
            let mut sum = [0.0; 3];
            for source in sources {
                for (total, part) in sum.iter_mut().zip(source.step(&moment)) {
                    *total += part;
                }
            }
            self.sensor.feel(sum);
        }
        self.sensor.read()
    }

    /// The next [`WINDOW`] readings.
    pub fn next_window(&mut self) -> Window {
        let mut window = [[0.0; 3]; WINDOW];
        window.fill_with(|| self.next_sample());
        window
    }
}

/// A fault and how far it has developed.
#[derive(Debug, Clone)]
struct Developing<F> {
    fault: F,
    level: f64,
}

impl<F> Developing<F> {
    fn new(fault: F) -> Self {
        Self { fault, level: 0.0 }
    }

    fn develop(&mut self, target: f64) {
        const STEP: f64 = 1.0 / (ONSET_SECONDS * SAMPLE_HZ);
        self.level += (target - self.level).clamp(-STEP, STEP);
    }
}

impl<F: Source> Source for Developing<F> {
    fn step(&mut self, moment: &crate::shaft::Moment) -> [f64; 3] {
        if self.level <= 0.0 {
            return [0.0; 3];
        }
        self.fault.step(moment).map(|part| self.level * part)
    }
}

fn level(condition: Condition, fault: Condition) -> f64 {
    if condition == fault { 1.0 } else { 0.0 }
}
