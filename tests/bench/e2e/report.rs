use serde::{Deserialize, Serialize};

use crate::{contestants::Kind, machine::Machine};

/// Messages that the load generator keeps in flight: many, for the rate; one, for the time that a message takes.
pub(crate) const WINDOWS: [usize; 2] = [500, 1];

/// One run of the bench: what the JSON file holds, and all that the page is made of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) v: u8,
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) payload_bytes: usize,
    pub(crate) seconds: f64,
    pub(crate) warm_up_seconds: f64,
    pub(crate) rounds: u64,
    pub(crate) contestants: Vec<Row>,
}

/// One contestant.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) title: String,
    /// Why it has no figures, or not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
    /// The element of the first output that is largest for the bench's payload: the answers have to agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<usize>,
    /// Window 500.
    pub(crate) many: Vec<Figures>,
    /// Window 1.
    pub(crate) one: Vec<Figures>,
}

/// One measurement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// Processor time of the contestant's process for one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_us: Option<f64>,
}

/// The median of the rounds, and their range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Row {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            key: kind.key().to_owned(),
            title: kind.title().to_owned(),
            failure: None,
            answer: None,
            many: Vec::new(),
            one: Vec::new(),
        }
    }

    pub(crate) fn figures(&mut self, window: usize) -> &mut Vec<Figures> {
        if window == 1 {
            &mut self.one
        } else {
            &mut self.many
        }
    }
}

impl Report {
    pub(crate) fn row(&self, kind: Kind) -> Option<&Row> {
        self.contestants.iter().find(|row| row.key == kind.key())
    }

    pub(crate) fn rate(&self, kind: Kind) -> Option<Spread> {
        spread(&self.row(kind)?.many, |figures| Some(figures.per_second))
    }

    pub(crate) fn p50_alone_us(&self, kind: Kind) -> Option<Spread> {
        spread(&self.row(kind)?.one, |figures| Some(figures.p50_us))
    }
}

/// Median and range of one figure over the rounds.
pub(crate) fn spread<F>(rounds: &[Figures], figure: F) -> Option<Spread>
where
    F: Fn(&Figures) -> Option<f64>,
{
    let mut values: Vec<f64> = rounds.iter().filter_map(figure).collect();
    values.sort_by(f64::total_cmp);
    let (min, max) = (*values.first()?, *values.last()?);
    let middle = values.len() / 2;
    let median = if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    };
    Some(Spread { median, min, max })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(values: &[f64]) -> Vec<Figures> {
        let figures = |&per_second| Figures {
            per_second,
            p50_us: 0.0,
            p99_us: 0.0,
            cpu_us: None,
        };
        values.iter().map(figures).collect()
    }

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        let spread = spread(&rates(&[10.0, 2.0, 11.0]), |f| Some(f.per_second)).unwrap();
        assert_eq!((spread.median, spread.min, spread.max), (10.0, 2.0, 11.0));
    }

    #[test]
    fn without_a_round_there_is_no_figure() {
        assert!(spread(&[], |f| Some(f.per_second)).is_none());
    }
}
