#![expect(
    clippy::as_conversions,
    reason = "numeric kernel: 53 random bits become a float"
)]

use std::f64::consts::TAU;

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and equal on every platform.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
    spare_normal: Option<f64>,
}

impl Random {
    /// Neighbouring seeds give unrelated sequences: the seed is mixed before it is used.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: mix(seed ^ 0x6A09_E667_F3BC_C908),
            spare_normal: None,
        }
    }

    /// A generator of its own for one part of a pump, so that parts do not disturb each other.
    pub(crate) fn fork(&mut self) -> Self {
        Self::new(self.next())
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.next() >> 11) as f64 * STEP
    }

    /// Uniform in `[low, high)`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in the logarithm, for amplitudes: as many between 1 and 2 as between 2 and 4.
    pub(crate) fn log_between(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// Radians, any direction.
    pub(crate) fn angle(&mut self) -> f64 {
        self.between(0.0, TAU)
    }

    /// Mean 0, deviation 1 (Box–Muller, both values used).
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let (sin, cos) = self.angle().sin_cos();
        self.spare_normal = Some(radius * sin);
        radius * cos
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }
}

fn mix(state: u64) -> u64 {
    let once = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let twice = (once ^ (once >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    twice ^ (twice >> 31)
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn normals_have_mean_0_and_deviation_1() {
        let mut random = Random::new(1);
        let drawn: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let variance = drawn
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / 20_000.0;
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.05, "variance {variance}");
    }

    #[test]
    fn log_between_stays_inside() {
        let mut random = Random::new(2);
        for _ in 0..1_000 {
            let drawn = random.log_between(0.1, 0.8);
            assert!((0.1..0.8).contains(&drawn), "{drawn}");
        }
    }
}
