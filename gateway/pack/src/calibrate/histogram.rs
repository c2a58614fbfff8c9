/// Bins on each side of 0. A power of two, so that doubling the range merges pairs of bins.
const BINS: usize = 4_096;

/// How often values of each size were seen. Its range doubles as greater ones come.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    min: f32,
    max: f32,
    /// The bins reach from `-limit` to `limit`.
    limit: f32,
    below: Vec<u64>,
    above: Vec<u64>,
    count: u64,
    /// Seen and no number.
    broken: bool,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
            limit: f32::MIN_POSITIVE,
            below: vec![0; BINS],
            above: vec![0; BINS],
            count: 0,
            broken: false,
        }
    }
}

impl Histogram {
    pub(super) fn observe(&mut self, values: &[f32]) {
        let (mut min, mut max) = (f32::INFINITY, f32::NEG_INFINITY);
        for value in values {
            self.broken |= !value.is_finite();
            min = min.min(*value);
            max = max.max(*value);
        }
        if self.broken || values.is_empty() {
            return;
        }
        self.min = self.min.min(min);
        self.max = self.max.max(max);
        self.reach(max.max(-min));
        let scale = bins() / self.limit;
        for value in values {
            let side = if *value < 0.0 {
                &mut self.below
            } else {
                &mut self.above
            };
            side[bin(value.abs() * scale)] += 1;
        }
        self.count = self
            .count
            .saturating_add(u64::try_from(values.len()).unwrap_or(u64::MAX));
    }

    /// The least and the greatest; not finite where nothing or no number was seen.
    pub(super) const fn extremes(&self) -> (f32, f32) {
        if self.broken {
            return (f32::NAN, f32::NAN);
        }
        (self.min, self.max)
    }

    /// The range that keeps this share of the values, where both ends lose equally many; never wider than the
    /// extremes.
    pub(super) fn percentile(&self, share: f64) -> (f32, f32) {
        let (min, max) = self.extremes();
        let lost = tail(self.count, share);
        let step = self.limit / bins();
        let edges = |bin: usize, sign: f32| sign * step * edge(bin);
        // From the outermost bin inwards, across 0.
        let from_below = (0..BINS)
            .rev()
            .map(|bin| (self.below[bin], edges(bin + 1, -1.0)));
        let from_below = from_below.chain((0..BINS).map(|bin| (self.above[bin], edges(bin, 1.0))));
        let from_above = (0..BINS)
            .rev()
            .map(|bin| (self.above[bin], edges(bin + 1, 1.0)));
        let from_above = from_above.chain((0..BINS).map(|bin| (self.below[bin], edges(bin, -1.0))));
        let low = inwards(from_below, lost).unwrap_or(min);
        let high = inwards(from_above, lost).unwrap_or(max);
        (low.max(min), high.min(max))
    }

    /// Doubles the range until it holds the value.
    fn reach(&mut self, value: f32) {
        if self.count == 0 {
            self.limit = value.max(f32::MIN_POSITIVE);
            return;
        }
        while self.limit < value {
            self.limit *= 2.0;
            for side in [&mut self.below, &mut self.above] {
                for bin in 0..BINS / 2 {
                    side[bin] = side[2 * bin] + side[2 * bin + 1];
                }
                side[BINS / 2..].fill(0);
            }
        }
    }
}

/// The edge of the bin where more values were passed than may be lost.
fn inwards(bins: impl Iterator<Item = (u64, f32)>, lost: u64) -> Option<f32> {
    let mut passed = 0_u64;
    for (count, edge) in bins {
        passed += count;
        if passed > lost {
            return Some(edge);
        }
    }
    None
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "below BINS after the clamp"
)]
fn bin(at: f32) -> usize {
    (at as usize).min(BINS - 1)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "up to BINS, which a float holds"
)]
const fn edge(bin: usize) -> f32 {
    bin as f32
}

const fn bins() -> f32 {
    edge(BINS)
}

/// How many values one end may lose.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count"
)]
fn tail(count: u64, share: f64) -> u64 {
    (count as f64 * (1.0 - share) / 2.0) as u64
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn extremes_are_exact_however_the_range_grew() {
        let mut histogram = Histogram::default();
        histogram.observe(&[0.25, -0.125]);
        histogram.observe(&[31.0, 0.0]);
        assert_eq!(histogram.extremes(), (-0.125, 31.0));
    }

    #[test]
    fn a_percentile_loses_outliers_at_both_ends() {
        let mut histogram = Histogram::default();
        let plain: Vec<f32> = (0..20_000_u16)
            .map(|it| f32::from(it % 200) / 100.0 - 1.0)
            .collect();
        histogram.observe(&plain);
        histogram.observe(&[50.0, -40.0]);
        assert_eq!(histogram.extremes(), (-40.0, 50.0));
        let (low, high) = histogram.percentile(0.999);
        assert!((-1.1..=-1.0).contains(&low), "{low}");
        assert!((0.99..1.1).contains(&high), "{high}");
    }

    #[test]
    fn a_percentile_of_what_never_goes_below_0_begins_at_the_least() {
        let mut histogram = Histogram::default();
        histogram.observe(&[2.0, 3.0, 4.0]);
        let (low, high) = histogram.percentile(0.9999);
        assert_eq!((low, high), (2.0, 4.0));
    }

    #[test]
    fn what_is_no_number_leaves_no_range() {
        let mut histogram = Histogram::default();
        histogram.observe(&[1.0, f32::NAN]);
        assert!(histogram.extremes().0.is_nan());
    }
}
