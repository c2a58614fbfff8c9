use weir_tests::bench::{Machine, Spread};

use crate::contestants::Kind;

/// Messages that the load generator keeps in flight: many, for the rate; one, for the time that a message takes.
pub(crate) const WINDOWS: [usize; 2] = [500, 1];

/// One run of the bench: all that the page is made of.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) mosquitto: String,
    pub(crate) python: String,
    pub(crate) payload_bytes: usize,
    pub(crate) seconds: f64,
    pub(crate) warm_up_seconds: f64,
    pub(crate) rounds: u64,
    pub(crate) contestants: Vec<Row>,
}

/// One contestant.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) title: String,
    /// Why it has no figures, or not all.
    pub(crate) failure: Option<String>,
    /// The element of the first output that is largest for the bench's payload: the answers have to agree.
    pub(crate) answer: Option<usize>,
    /// Window 500.
    pub(crate) many: Vec<Figures>,
    /// Window 1.
    pub(crate) one: Vec<Figures>,
}

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// Processor time of the contestant's process for one message.
    pub(crate) cpu_us: Option<f64>,
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
    Spread::of(rounds.iter().filter_map(figure).collect())
}
