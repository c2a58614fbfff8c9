use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::Serialize;
use weir_engine::EngineKind;
use weir_tests::bench::{Goal, Machine, Spread};

use crate::{
    engines::Who,
    figures::{Figures, Measure},
    goals,
    options::Options,
};

/// One run of the bench.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) versions: String,
    pub(crate) rounds: u16,
    pub(crate) turn_ms: u128,
    pub(crate) figures: Vec<Figures>,
    /// What is not the figures' own: the agreement of answers.
    pub(crate) goals: Vec<Goal>,
    pub(crate) absent: Vec<Absent>,
}

/// Something without a figure, and why.
#[derive(Debug, Clone)]
pub(crate) struct Absent {
    pub(crate) what: String,
    pub(crate) reason: String,
}

/// A figure as a script reads it.
#[derive(Debug, Serialize)]
struct Line<'r> {
    bench: &'static str,
    measure: String,
    /// The median of the rounds; with the least and the greatest.
    value: f64,
    min: f64,
    max: f64,
    unit: &'static str,
    /// The measure of the same run that it is compared with.
    reference: Option<String>,
    reference_value: Option<f64>,
    ratio: Option<f64>,
    goal: Option<&'r str>,
    met: Option<bool>,
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
            goals: Vec::new(),
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

    /// One JSON object in a line for every figure, and for every goal that is no figure's.
    pub(crate) fn json_lines(&self) -> Result<String> {
        let mut text = String::new();
        for figures in &self.figures {
            let Some(spread) = figures.spread() else {
                continue;
            };
            for line in self.lines(figures, spread) {
                text.push_str(&serde_json::to_string(&line)?);
                text.push('\n');
            }
        }
        Ok(text)
    }

    /// The figure against each of its references.
    fn lines(&self, figures: &Figures, spread: Spread) -> Vec<Line<'static>> {
        let goal = goals::of(figures.measure, spread);
        let line = |reference: Option<(Who, f64)>| Line {
            bench: "engines",
            measure: name(figures.measure, figures.workload, figures.who),
            value: spread.median,
            min: spread.min,
            max: spread.max,
            unit: figures.measure.unit(),
            reference: reference.map(|(who, _)| name(figures.measure, figures.workload, who)),
            reference_value: reference.map(|(_, value)| value),
            ratio: reference.map(|(_, value)| spread.median / value),
            goal: goal.map(|(goal, _)| goal),
            met: goal.and_then(|(_, met)| met),
        };
        let references = [
            Who::Native,
            Who::Engine(EngineKind::Wasmtime),
            Who::OnnxRuntimeInt8,
            Who::OnnxRuntimeFloat,
        ];
        let compared = references
            .into_iter()
            .filter(|who| *who != figures.who && figures.measure == Measure::Predict)
            .filter_map(|who| {
                let reference = self.spread(figures.measure, figures.workload, who)?;
                Some(line(Some((who, reference.median))))
            });
        let lines: Vec<Line<'static>> = compared.collect();
        if lines.is_empty() {
            vec![line(None)]
        } else {
            lines
        }
    }
}

fn name(measure: Measure, workload: &str, who: Who) -> String {
    format!("{}/{workload}/{}", measure.key(), who.key())
}

/// Writes the figures of a run where scripts look for them.
pub(crate) fn write(file: &Path, lines: &str) -> Result<()> {
    let folder = file.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder)?;
    fs::write(file, lines).with_context(|| format!("failed to write {}", file.display()))
}
