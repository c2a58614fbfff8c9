use weir_tests::bench::{Row, Spread, Target};

use crate::{
    contestants::Kind,
    report::{Figures, Report, spread},
};

/// The bench's name in the figures.
pub(crate) const BENCH: &str = "e2e";

/// Slower than the echo, the generator would be what is measured.
const GENERATOR_OF_ECHO: Target = Target::AtLeast(1.0);

/// What is taken of a contestant's rounds.
struct Figure {
    key: &'static str,
    unit: &'static str,
    many: bool,
    of: fn(&Figures) -> Option<f64>,
    /// Those whom it is compared with.
    references: &'static [Kind],
}

const FIGURES: [Figure; 4] = [
    Figure {
        key: "rate",
        unit: "1/s",
        many: true,
        of: |figures| Some(figures.per_second),
        references: &[Kind::Echo, Kind::Python],
    },
    Figure {
        key: "cpu",
        unit: "us",
        many: true,
        of: |figures| figures.cpu_us,
        references: &[Kind::Echo, Kind::Python],
    },
    Figure {
        key: "alone-p50",
        unit: "us",
        many: false,
        of: |figures| Some(figures.p50_us),
        references: &[Kind::Echo],
    },
    Figure {
        key: "alone-p99",
        unit: "us",
        many: false,
        of: |figures| Some(figures.p99_us),
        references: &[Kind::Echo],
    },
];

/// Every figure, against each of its references.
pub(crate) fn rows(report: &Report) -> Vec<Row> {
    let mut rows = Vec::new();
    for figure in &FIGURES {
        let name = |kind: Kind| format!("{}/{}", figure.key, kind.key());
        for kind in Kind::ALL {
            let Some(ours) = figure.spread(report, kind) else {
                continue;
            };
            let row = Row::of(BENCH, name(kind), figure.unit, ours);
            let before = rows.len();
            for other in figure.references(kind) {
                if let Some(theirs) = figure.spread(report, other) {
                    rows.push(row.clone().against(&name(other), theirs));
                }
            }
            if rows.len() == before {
                rows.push(row);
            }
        }
    }
    for row in &mut rows {
        if row.measure == "rate/generator" && row.reference.as_deref() == Some("rate/echo") {
            let met = row.ratio.map(|ratio| GENERATOR_OF_ECHO.holds(ratio));
            *row = row.clone().judged(GENERATOR_OF_ECHO.words("×"), met);
        }
    }
    rows.extend(agreement(report));
    rows
}

impl Figure {
    /// A larger node is compared with the smaller one.
    fn references(&self, kind: Kind) -> impl Iterator<Item = Kind> {
        let usual: &[Kind] = match (kind, kind.smaller()) {
            (_, Some(_)) | (Kind::Pipelines1 | Kind::Devices1, None) => &[],
            (_, None) => self.references,
        };
        let usual = usual.iter().copied().filter(move |other| *other != kind);
        usual.chain(kind.smaller())
    }

    fn spread(&self, report: &Report, kind: Kind) -> Option<Spread> {
        let row = report.row(kind)?;
        let rounds = if self.many { &row.many } else { &row.one };
        spread(rounds, self.of)
    }
}

/// Everybody who infers must infer the same, or they did not do the same job.
fn agreement(report: &Report) -> Option<Row> {
    let contestants = report.contestants.iter();
    let answers: Vec<usize> = contestants.filter_map(|row| row.answer).collect();
    let first = answers.first()?;
    let same = answers.iter().filter(|answer| *answer == first).count();
    let met = (answers.len() > 1).then_some(same == answers.len());
    let same = f64::from(u32::try_from(same).unwrap_or(u32::MAX));
    let row = Row::of(BENCH, "same-answer", "contestants", Spread::of(vec![same])?);
    Some(row.judged(format!("all {} that infer", answers.len()), met))
}
