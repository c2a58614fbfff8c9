use weir_engine::EngineKind;
use weir_tests::bench::{Machine, Row, Spread};

use crate::{
    engines::Who,
    figures::{Figures, Measure},
    goals,
    options::Options,
};

/// The bench's name in the figures.
pub(crate) const BENCH: &str = "engines";

/// One run of the bench.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) versions: String,
    pub(crate) rounds: u16,
    pub(crate) turn_ms: u128,
    pub(crate) figures: Vec<Figures>,
    /// Whether everybody answered the same, once that is known.
    pub(crate) answers: Option<Row>,
    pub(crate) absent: Vec<Absent>,
}

/// Something without a figure, and why.
#[derive(Debug, Clone)]
pub(crate) struct Absent {
    pub(crate) what: String,
    pub(crate) reason: String,
}

impl Report {
    pub(crate) fn new(machine: Machine, versions: String, options: &Options) -> Self {
        Self {
            date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            machine,
            versions,
            rounds: options.rounds(),
            turn_ms: options.turn().as_millis(),
            figures: Vec::new(),
            answers: None,
            absent: Vec::new(),
        }
    }

    pub(crate) fn spread(&self, measure: Measure, workload: &str, who: Who) -> Option<Spread> {
        let of = |figures: &&Figures| {
            figures.measure == measure && figures.workload == workload && figures.who == who
        };
        self.figures.iter().find(of)?.spread()
    }

    /// The workloads with a figure of this measure, in the order of the table.
    pub(crate) fn workloads(&self, measure: Measure) -> Vec<&'static str> {
        let mut found = Vec::new();
        for figures in self
            .figures
            .iter()
            .filter(|figures| figures.measure == measure)
        {
            if !found.contains(&figures.workload) {
                found.push(figures.workload);
            }
        }
        found
    }

    /// Every figure against each of its references, and every goal that is no figure's.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let figures = self.figures.iter();
        let figures = figures.filter_map(|figures| Some((figures, figures.spread()?)));
        let rows = figures.flat_map(|(figures, spread)| self.rows_of(figures, spread));
        rows.chain(self.answers.clone()).collect()
    }

    fn rows_of(&self, figures: &Figures, spread: Spread) -> Vec<Row> {
        let (measure, workload) = (figures.measure, figures.workload);
        let named = |who| name(measure, workload, who);
        let row = Row::of(BENCH, named(figures.who), measure.unit(), spread);
        let references = [
            Who::Native,
            Who::Engine(EngineKind::Wasmtime),
            Who::OnnxRuntimeInt8,
            Who::OnnxRuntimeFloat,
        ];
        let compared = references
            .into_iter()
            .filter(|who| *who != figures.who && measure == Measure::Predict)
            .filter_map(|who| {
                let reference = self.spread(measure, workload, who)?;
                Some(row.clone().against(&named(who), reference))
            });
        let rows: Vec<Row> = compared.collect();
        match (rows.is_empty(), goals::of(measure, spread)) {
            (false, _) => rows,
            (true, Some((goal, met))) => vec![row.judged(goal, met)],
            (true, None) => vec![row],
        }
    }
}

fn name(measure: Measure, workload: &str, who: Who) -> String {
    format!("{}/{workload}/{}", measure.key(), who.key())
}
