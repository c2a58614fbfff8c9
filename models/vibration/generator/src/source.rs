//! What makes a pump vibrate: one file for each source.

mod bearing;
mod healthy;
mod imbalance;
mod looseness;
mod resonator;

use crate::shaft::Moment;

pub(crate) use bearing::BearingFault;
pub(crate) use healthy::Healthy;
pub(crate) use imbalance::Imbalance;
pub(crate) use looseness::Looseness;
pub(crate) use resonator::Resonance;

/// One cause of vibration.
pub(crate) trait Source {
    /// The acceleration it adds at this step: across the shaft, across, along it; in g.
    fn step(&mut self, moment: &Moment) -> [f64; 3];
}
