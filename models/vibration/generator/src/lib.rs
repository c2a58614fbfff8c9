//! A physics-based generator of pump vibration: training data and demo pumps from one source.
//!
//! A vertical pump turns at 20 to 30 revolutions per second and drifts slightly. A three-axis
//! accelerometer on its bearing housing is read at [`SAMPLE_HZ`]: `ax` and `ay` lie across the
//! shaft, `az` along it and carries gravity. What it reads is the sum of
//!
//! | source | what it does |
//! | --- | --- |
//! | every pump | a residual at once and twice the shaft speed, blade pass, flow noise that also rings the structure |
//! | [`Condition::Imbalance`] | a strong rotating force at shaft speed: `ax` and `ay` are 90° apart |
//! | [`Condition::BearingFault`] | impacts at 3.58 times shaft speed, with slip, each ringing a resonance at 140 to 160 Hz |
//! | [`Condition::Looseness`] | harmonics and half harmonics of shaft speed with unsteady phases, cut off at one side |
//!
//! passed through a sensor with a tilt, an offset, an anti-alias filter, noise and steps of 1 mg.
//! A light fault overlaps with a rough healthy pump, so no classifier reaches 100 %.
//!
//! ```
//! use vibration_generator::{Condition, Pump, Split};
//!
//! let mut pump = Pump::new(Split::Demo.seed(7), Condition::Normal);
//! let [_ax, _ay, az] = pump.next_sample();
//! assert!((0.0..2.0).contains(&az), "gravity is on az");
//! pump.set_condition(Condition::BearingFault);
//! ```
//!
//! Equal seeds give equal samples on one machine and toolchain; across C libraries the last bit of
//! a sine may differ.

mod bands;
mod condition;
mod pump;
mod random;
mod sensor;
mod shaft;
mod source;
mod split;

pub use bands::{BANDS, bands};
pub use condition::Condition;
pub use pump::{ONSET_SECONDS, Pump};
pub use split::{Split, UnknownSplit};

/// Samples per second of every axis.
pub const SAMPLE_HZ: f64 = 400.0;

/// Samples of one window: 0.32 s, six to ten turns of the shaft.
pub const WINDOW: usize = 128;

/// [`WINDOW`] samples of `[ax, ay, az]` in g, the oldest first.
pub type Window = [[f32; 3]; WINDOW];

/// Steps of the simulation for each sample, so that impacts and cut-off waves meet the sensor's
/// filter before they are sampled, as they do in a real sensor.
const OVERSAMPLING: usize = 4;

/// Seconds of one step of the simulation.
#[expect(clippy::as_conversions, reason = "a small integer is exact as a float")]
const STEP_SECONDS: f64 = 1.0 / (SAMPLE_HZ * OVERSAMPLING as f64);
