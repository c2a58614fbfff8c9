//! How well two series of outputs agree.

/// What the int8 network gives against what the graph gives.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Agreement {
    /// Samples that were compared.
    pub samples: usize,
    /// Share of them with the same greatest output; none where there is one output only.
    pub top1: Option<f64>,
    /// The greatest difference of an output.
    pub error_max: f64,
    /// The mean difference of an output.
    pub error_mean: f64,
}

/// Compares outputs one by one.
#[derive(Debug, Default)]
pub struct Comparison {
    samples: usize,
    same: usize,
    classes: usize,
    elements: u64,
    error_max: f64,
    error_sum: f64,
}

impl Comparison {
    /// Takes the outputs of one sample.
    pub fn add(&mut self, expected: &[f32], found: &[f32]) {
        self.samples += 1;
        self.classes = self.classes.max(expected.len());
        self.same += usize::from(greatest(expected) == greatest(found));
        for (expected, found) in expected.iter().zip(found) {
            let error = (f64::from(*expected) - f64::from(*found)).abs();
            self.error_max = self.error_max.max(error);
            self.error_sum += error;
            self.elements += 1;
        }
    }

    /// The figures.
    #[must_use]
    pub fn agreement(&self) -> Agreement {
        Agreement {
            samples: self.samples,
            top1: (self.classes > 1).then(|| share(self.same, self.samples)),
            error_max: self.error_max,
            error_mean: self.error_sum / float(self.elements).max(1.0),
        }
    }
}

impl Agreement {
    /// Whether this one is better: first by the classes, then by the mean error.
    #[must_use]
    pub fn is_better_than(&self, other: &Self) -> bool {
        let (own, theirs) = (self.top1.unwrap_or(1.0), other.top1.unwrap_or(1.0));
        own > theirs || (own >= theirs && self.error_mean < other.error_mean)
    }
}

/// The position of the greatest output; the first of equals.
#[must_use]
pub fn greatest(outputs: &[f32]) -> Option<usize> {
    let mut best = None;
    for (at, value) in outputs.iter().enumerate() {
        if best.is_none_or(|(_, greatest)| *value > greatest) {
            best = Some((at, *value));
        }
    }
    best.map(|(at, _)| at)
}

/// A share from 0 to 1.
#[must_use]
pub fn share(part: usize, whole: usize) -> f64 {
    let count = |count: usize| float(u64::try_from(count).unwrap_or(u64::MAX));
    count(part) / count(whole).max(1.0)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a count for a mean"
)]
const fn float(count: u64) -> f64 {
    count as f64
}
