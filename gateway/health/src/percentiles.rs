use std::time::Duration;

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Half, nineteen of twenty and ninety-nine of a hundred took at most this long; milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Percentiles {
    /// Half of all.
    pub p50: f64,
    /// Nineteen of twenty.
    pub p95: f64,
    /// Ninety-nine of a hundred.
    pub p99: f64,
}

const NANOSECONDS_MIN: u64 = 1_000;
const NANOSECONDS_MAX: u64 = 600_000_000_000;
const SIGNIFICANT_DIGITS: u8 = 2;

/// Durations between a microsecond and ten minutes at two significant digits, in constant memory.
#[derive(Debug)]
pub(crate) struct Durations(Histogram<u64>);

impl Durations {
    pub(crate) fn new() -> Self {
        Self(
            Histogram::new_with_bounds(NANOSECONDS_MIN, NANOSECONDS_MAX, SIGNIFICANT_DIGITS)
                .expect("the bounds are constants that the histogram takes"),
        )
    }

    pub(crate) fn record(&mut self, duration: Duration) {
        self.0
            .saturating_record(u64::try_from(duration.as_nanos()).unwrap_or(NANOSECONDS_MAX));
    }

    pub(crate) fn percentiles(&self) -> Percentiles {
        let ms = |quantile| nanoseconds_to_ms(self.0.value_at_quantile(quantile));
        Percentiles {
            p50: ms(0.5),
            p95: ms(0.95),
            p99: ms(0.99),
        }
    }
}

/// Milliseconds with a resolution of a microsecond.
fn nanoseconds_to_ms(nanoseconds: u64) -> f64 {
    let microseconds = u32::try_from(nanoseconds / 1_000).unwrap_or(u32::MAX);
    f64::from(microseconds) / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_a_percent() {
        let mut durations = Durations::new();
        for micros in 1..=1_000 {
            durations.record(Duration::from_micros(micros));
        }
        let percentiles = durations.percentiles();
        assert!((percentiles.p50 - 0.5).abs() < 0.01, "{percentiles:?}");
        assert!((percentiles.p99 - 0.99).abs() < 0.02, "{percentiles:?}");
    }

    #[test]
    fn nothing_recorded_is_zero_and_the_longest_is_kept() {
        let mut durations = Durations::new();
        assert_eq!(durations.percentiles(), Percentiles::default());
        durations.record(Duration::from_secs(100_000));
        assert!(durations.percentiles().p50 >= 590_000.0);
    }
}
