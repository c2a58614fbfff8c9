/// The median of the rounds, and their range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The middle one.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of one figure for each round; none without a round.
    #[must_use]
    pub fn of(mut rounds: Vec<f64>) -> Option<Self> {
        rounds.sort_by(f64::total_cmp);
        let (min, max) = (*rounds.first()?, *rounds.last()?);
        let middle = rounds.len() / 2;
        let median = if rounds.len().is_multiple_of(2) {
            f64::midpoint(rounds[middle - 1], rounds[middle])
        } else {
            rounds[middle]
        };
        Some(Self { median, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        let spread = Spread::of(vec![10.0, 2.0, 11.0]).unwrap();
        assert_eq!((spread.median, spread.min, spread.max), (10.0, 2.0, 11.0));
    }

    #[test]
    fn without_a_round_there_is_no_figure() {
        assert!(Spread::of(Vec::new()).is_none());
    }
}
