use std::time::Duration;

use weir_tests::bench::{Bars, Machine, Plot, Row, Spread};

use crate::{
    clock::Parts, contestant::Who, network::Network, options::Options, rounds::Measured,
    runner::milliseconds,
};

/// The bench's name in the figures.
pub(crate) const BENCH: &str = "nn";
const UNIT: &str = "ms";
const METHOD: &str = include_str!("method.md");

/// What a figure says of somebody: behind the measure's name, and how it is found.
type Figure = (&'static str, fn(&Measured) -> Option<Spread>);
/// A part of an inference: its measure, and which it is.
type Part = (&'static str, fn(&Parts) -> Duration);

const FIGURES: [Figure; 2] = [("", medians), ("-p99", slowest)];
const PARTS: [Part; 3] = [
    ("prepare", |parts| parts.prepare),
    ("graph", |parts| parts.graph),
    ("finish", |parts| parts.finish),
];

/// The figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    remarks: String,
}

impl Report {
    /// Somebody who is not here, and why.
    pub(crate) fn absent(&mut self, network: &Network, who: Who, error: &anyhow::Error) {
        eprintln!("{} by {}: {error:#}", network.key, who.title());
        self.remark(&format!(
            "- not measured: {} by {}: {error:#}",
            network.key,
            who.title()
        ));
    }

    /// How far two outputs are apart.
    pub(crate) fn agreement(
        &mut self,
        network: &Network,
        (first, second): (Who, Who),
        apart: f32,
        alike: bool,
    ) {
        let verdict = if alike { "the same" } else { "**another**" };
        self.remark(&format!(
            "- {}: {} gives {verdict} output as {} (half of its values within {:.4} % of the greatest)",
            network.key,
            second.title(),
            first.title(),
            apart * 100.0
        ));
    }

    fn remark(&mut self, line: &str) {
        self.remarks.push_str(line);
        self.remarks.push('\n');
    }

    pub(crate) fn remarks(&self) -> &str {
        &self.remarks
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        self.rows.clone()
    }

    /// The medians and the slowest hundredth of everybody.
    pub(crate) fn add(&mut self, network: &Network, mut measured: Vec<Measured>) {
        measured.sort_by_key(|measured| measured.who.key());
        measured.sort_by_key(|measured| {
            (
                measured.who.takes_images(),
                measured.who.reference().is_some(),
            )
        });
        for one in &measured {
            let theirs = one
                .who
                .reference()
                .and_then(|reference| measured.iter().find(|other| other.who == reference));
            self.add_one(network, one, theirs);
        }
    }

    fn add_one(&mut self, network: &Network, one: &Measured, theirs: Option<&Measured>) {
        let measure = if one.who.takes_images() {
            "image"
        } else {
            "predict"
        };
        for (suffix, figure) in FIGURES {
            let Some(spread) = figure(one) else {
                continue;
            };
            let name = |who: Who| format!("{measure}{suffix}/{}/{}", network.key, who.key());
            let mut row = Row::of(BENCH, name(one.who), UNIT, spread);
            if let Some((theirs, who)) =
                theirs.and_then(|theirs| Some((figure(theirs)?, theirs.who)))
            {
                row = row.against(&name(who), theirs);
            }
            self.rows.push(row);
        }
        for (part, of) in PARTS {
            let name = format!("{part}/{}/{}", network.key, one.who.key());
            let rounds = one.turns.iter().filter_map(|turn| {
                let times = turn.parts.iter().map(|parts| milliseconds(of(parts)));
                Some(Spread::of(times.collect())?.median)
            });
            let spread = Spread::of(rounds.collect());
            self.rows
                .extend(spread.map(|spread| Row::of(BENCH, name, UNIT, spread)));
        }
    }
}

/// The median of each round.
fn medians(measured: &Measured) -> Option<Spread> {
    let rounds = measured.turns.iter();
    let medians = rounds.filter_map(|turn| Some(Spread::of(turn.calls_ms.clone())?.median));
    Spread::of(medians.collect())
}

/// What 99 of 100 inferences of the whole run do not exceed.
fn slowest(measured: &Measured) -> Option<Spread> {
    let mut calls: Vec<f64> = measured
        .turns
        .iter()
        .flat_map(|turn| turn.calls_ms.iter().copied())
        .collect();
    calls.sort_by(f64::total_cmp);
    let at = (calls.len() * 99).div_ceil(100).checked_sub(1)?;
    Spread::of(vec![*calls.get(at)?])
}

/// The bench's section of the page.
pub(crate) fn section(machine: &Machine, options: &Options, tables: &str) -> String {
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    let (rounds, turn) = (options.rounds(), options.turn().as_millis());
    let measured = format!("Measured on {date}: {machine}. {rounds} rounds of {turn} ms for each.");
    METHOD
        .replace("{measured}", &measured)
        .replace("{tables}", tables.trim_end())
}

/// The time of one inference by everybody.
pub(crate) fn plot(rows: &[Row]) -> Plot {
    let mut networks: Vec<&str> = Vec::new();
    let parts = |row: &Row| -> Option<(String, String, String)> {
        let mut parts = row.measure.splitn(3, '/').map(str::to_owned);
        Some((parts.next()?, parts.next()?, parts.next()?))
    };
    for row in rows {
        let key = row.measure.split('/').nth(1).unwrap_or_default();
        if !networks.contains(&key) {
            networks.push(key);
        }
    }
    let group = |network: &str| {
        let title = format!("{network}, one inference: shorter is better");
        rows.iter()
            .fold(Bars::new(&title, UNIT), |bars, row| match parts(row) {
                Some((measure, key, who)) if measure == "predict" && key == network => {
                    let ours = row.reference.is_some() && who != "onnxruntime-native";
                    bars.bar(&who, Some(row.value), ours)
                }
                _ => bars,
            })
    };
    Plot {
        title: "Graphs on the host, and in the sandbox".to_owned(),
        groups: networks.into_iter().map(group).collect(),
    }
}
