use weir_guest::Error;

/// The greatest number of channels of a sample.
pub(crate) const CHANNELS_MAX: usize = 16;
/// The elements of a state: count, channels, means, variances.
pub(crate) const FIELDS: usize = 2 + 2 * CHANNELS_MAX;

/// Samples until a score is given: with fewer, the variance itself is off by more than a quarter.
const WARM_UP: f32 = 32.0;
/// Samples that the running figures remember: the weight of a new one is 1/64.
const MEMORY: f32 = 64.0;
/// Deviations at which a sample is as likely an anomaly as not: one Gaussian sample in 16 000.
const HALF_WAY: f32 = 4.0;
/// A deviation is at least this share of the mean, and at least [`DEVIATION_MIN`]: a signal that
/// never moved must not call its first rounding error an anomaly.
const DEVIATION_SHARE_MIN: f32 = 1e-4;
const DEVIATION_MIN: f32 = 1e-6;
/// The greatest value: its square is still a 32-bit float.
const VALUE_MAX: f32 = 1e18;

/// What is remembered of a device: for each channel the running mean and variance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Baseline {
    count: f32,
    channels: f32,
    mean: [f32; CHANNELS_MAX],
    variance: [f32; CHANNELS_MAX],
}

/// From 0 (on the mean) towards 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score(pub(crate) f32);

impl Baseline {
    /// Of a device that was never seen.
    const NEW: Self = Self {
        count: 0.0,
        channels: 0.0,
        mean: [0.0; CHANNELS_MAX],
        variance: [0.0; CHANNELS_MAX],
    };

    /// Reads what [`Baseline::write`] wrote, or zeros.
    pub(crate) fn read(state: &[f32]) -> Result<Self, Error> {
        let foreign = || Error::InputValue {
            input: 1,
            words: "is not a state that this guest wrote".into(),
        };
        let ([count, channels], rest) = state.split_first_chunk().ok_or_else(foreign)?;
        let (mean, rest) = rest.split_first_chunk().ok_or_else(foreign)?;
        let baseline = Self {
            count: *count,
            channels: *channels,
            mean: *mean,
            variance: rest.try_into().map_err(|_| foreign())?,
        };
        baseline.is_sound().then_some(baseline).ok_or_else(foreign)
    }

    /// Writes [`FIELDS`] elements.
    pub(crate) fn write(&self, state: &mut [f32]) {
        let head = [self.count, self.channels];
        let fields = head.iter().chain(&self.mean).chain(&self.variance);
        for (element, field) in state.iter_mut().zip(fields) {
            *element = *field;
        }
    }

    /// Scores a sample against what came before it, then remembers it. Another number of channels
    /// than before begins anew.
    pub(crate) fn take(&mut self, sample: &[f32], zscores: &mut [f32]) -> Result<Score, Error> {
        let channels = u8::try_from(sample.len()).map_or(f32::INFINITY, f32::from);
        if sample.is_empty() || sample.len() > CHANNELS_MAX {
            return Err(refused("has no channel, or more than 16"));
        }
        if !sample.iter().all(|value| is_within(*value, VALUE_MAX)) {
            return Err(refused("has an element that is not a number within ±1e18"));
        }
        if self.channels != channels {
            *self = Self {
                channels,
                ..Self::NEW
            };
        }

        let mut worst = 0.0_f32;
        for (channel, (value, zscore)) in sample.iter().zip(&mut *zscores).enumerate() {
            *zscore = self.remember(channel, *value);
            worst = worst.max(*zscore * *zscore);
        }
        // z² / (z² + 16), written so that an infinite z² gives 1.
        let score = 1.0 / (1.0 + HALF_WAY * HALF_WAY / worst);
        self.count = (self.count + 1.0).min(MEMORY);
        Ok(Score(score))
    }

    /// The signed deviations of a value from its channel's mean; 0 while warming up.
    fn remember(&mut self, channel: usize, value: f32) -> f32 {
        let (mean, variance) = (self.mean[channel], self.variance[channel]);
        let is_warm = self.count >= WARM_UP;
        let difference = value - mean;
        let floor = DEVIATION_SHARE_MIN * mean.abs() + DEVIATION_MIN;
        let deviation = libm::sqrtf(variance).max(floor);

        // An outlier counts as HALF_WAY deviations only: one spike does not hide the next, yet a
        // signal that moved for good becomes the new normal.
        let bound = HALF_WAY * deviation;
        let step = if is_warm {
            difference.clamp(-bound, bound)
        } else {
            difference
        };
        let weight = (1.0 / (self.count + 1.0)).max(1.0 / MEMORY);
        self.mean[channel] = mean + weight * step;
        self.variance[channel] = (1.0 - weight) * (variance + weight * step * step);

        if is_warm { difference / deviation } else { 0.0 }
    }

    fn is_sound(&self) -> bool {
        let channels_max = u8::try_from(CHANNELS_MAX).map_or(0.0, f32::from);
        (0.0..=MEMORY).contains(&self.count)
            && (0.0..=channels_max).contains(&self.channels)
            && self
                .mean
                .iter()
                .all(|mean| is_within(*mean, 2.0 * VALUE_MAX))
            && self
                .variance
                .iter()
                .all(|variance| *variance >= 0.0 && variance.is_finite())
    }
}

fn is_within(value: f32, bound: f32) -> bool {
    (-bound..=bound).contains(&value)
}

fn refused(words: &'static str) -> Error {
    Error::InputValue {
        input: 0,
        words: words.into(),
    }
}

#[cfg(test)]
mod tests;
