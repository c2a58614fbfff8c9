#![expect(
    clippy::as_conversions,
    reason = "scores are reported as 32-bit floats"
)]

use std::cmp::Ordering;

use weir_engine::Tensor;

use crate::prepare::numbers;

/// The elements of the first output as scores, and the best of them. The memory is used again.
#[derive(Debug, Default)]
pub(super) struct Ranking {
    numbers: Vec<f64>,
    /// After softmax, where it is asked for.
    pub(super) scores: Vec<f32>,
    order: Vec<usize>,
}

impl Ranking {
    /// Reads the scores.
    pub(super) fn read(&mut self, output: &Tensor, with_softmax: bool) {
        numbers(output.dtype, &output.data, &mut self.numbers);
        if with_softmax {
            softmax(&mut self.numbers);
        }
        self.scores.clear();
        self.scores
            .extend(self.numbers.iter().map(|number| *number as f32));
    }

    /// The places and scores of the best `count`, best first; equal ones in the order of the output, NaN last.
    pub(super) fn best(&mut self, count: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let Self { scores, order, .. } = self;
        order.clear();
        order.extend(0..scores.len());
        let better = |a: &usize, b: &usize| better(scores[*a], scores[*b]).then(a.cmp(b));
        let count = count.min(order.len());
        if count > 0 && count < order.len() {
            order.select_nth_unstable_by(count - 1, better);
        }
        order.truncate(count);
        order.sort_unstable_by(better);
        order.iter().map(|place| (*place, scores[*place]))
    }
}

fn better(a: f32, b: f32) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => b.total_cmp(&a),
        (a, b) => a.cmp(&b),
    }
}

/// Logits → probabilities; the greatest is taken off first, so that nothing overflows.
fn softmax(values: &mut [f64]) {
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for value in values.iter_mut() {
        *value = (*value - greatest).exp();
        sum += *value;
    }
    values.iter_mut().for_each(|value| *value /= sum);
}

#[cfg(test)]
mod tests {
    use guest_abi::DType;
    use proptest::prelude::*;

    use super::*;

    fn ranking(values: &[f32], with_softmax: bool) -> Ranking {
        let mut ranking = Ranking::default();
        let output = Tensor {
            name: "class".to_owned(),
            dtype: DType::F32,
            dims: vec![],
            data: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        };
        ranking.read(&output, with_softmax);
        ranking
    }

    proptest! {
        #[test]
        fn the_best_are_those_of_a_full_sort(values in prop::collection::vec(-5_i8..5, 0..20), count in 0_usize..25) {
            let values: Vec<f32> = values.into_iter().map(f32::from).collect();
            let mut sorted: Vec<usize> = (0..values.len()).collect();
            sorted.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
            sorted.truncate(count);
            let best: Vec<usize> = ranking(&values, false).best(count).map(|(place, _)| place).collect();
            prop_assert_eq!(best, sorted);
        }

        #[test]
        fn softmax_gives_probabilities(values in prop::collection::vec(-1e30_f32..1e30, 1..20)) {
            let ranking = ranking(&values, true);
            let sum: f32 = ranking.scores.iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn nan_is_last() {
        let best: Vec<usize> = ranking(&[f32::NAN, 1.0, f32::INFINITY], false)
            .best(3)
            .map(|(place, _)| place)
            .collect();
        assert_eq!(best, [2, 1, 0]);
    }
}
