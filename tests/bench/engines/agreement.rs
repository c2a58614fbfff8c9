use weir_engine::EngineKind;
use weir_tests::bench::{Row, Spread};

use crate::{
    engines::Who,
    report::{Absent, BENCH, Report},
    workload::Workload,
};

/// What somebody answers to the first input of a workload.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    workload: &'static str,
    who: Who,
    values: Vec<f32>,
}

impl Answer {
    pub(crate) const fn of(workload: &Workload, who: Who, values: Vec<f32>) -> Self {
        Self {
            workload: workload.key,
            who,
            values,
        }
    }
}

/// Everybody who infers must infer the same, or they did not do the same job: the same bits as the model's card where
/// it says so, the same class where somebody else quantised.
pub(crate) fn judge(workloads: &[Workload], answers: &[Answer], report: &mut Report) {
    let differing: Vec<String> = workloads
        .iter()
        .flat_map(|workload| differing(workload, answers))
        .collect();
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let wrong = count(differing.len());
    let Some(wrong) = Spread::of(vec![wrong]) else {
        return;
    };
    let goal = format!("none of {}", answers.len());
    let met = (!answers.is_empty()).then_some(differing.is_empty());
    let row = Row::of(BENCH, "other-answers", "answers", wrong);
    report.answers = Some(row.judged(goal, met));
    report
        .absent
        .extend(differing.into_iter().map(|what| Absent {
            what,
            reason: "its answer is not the one that is wanted".to_owned(),
        }));
}

fn differing(workload: &Workload, answers: &[Answer]) -> Vec<String> {
    let of_it = || {
        answers
            .iter()
            .filter(|answer| answer.workload == workload.key)
    };
    let first = of_it().next().map(|answer| answer.values.clone());
    let (wanted, tolerance) = match (&workload.wanted, first) {
        (Some(wanted), _) => (wanted.values.clone(), wanted.tolerance),
        (None, Some(first)) => (first, 0.0),
        (None, None) => return Vec::new(),
    };
    let differs = |answer: &&Answer| {
        let same = match answer.who {
            Who::OnnxRuntimeInt8 => largest(&answer.values) == largest(&wanted),
            Who::OnnxRuntimeFloat if workload.quantised => {
                largest(&answer.values) == largest(&wanted)
            }
            Who::Native
            | Who::Engine(EngineKind::Wasmi | EngineKind::Wasm3 | EngineKind::Wasmtime)
            | Who::OnnxRuntimeFloat => is_near(&answer.values, &wanted, tolerance),
        };
        !same
    };
    of_it()
        .filter(differs)
        .map(|answer| format!("{} by {}", workload.key, answer.who.title()))
        .collect()
}

fn is_near(found: &[f32], wanted: &[f32], tolerance: f32) -> bool {
    let near = |(found, wanted): (&f32, &f32)| (found - wanted).abs() <= tolerance;
    found.len() == wanted.len() && found.iter().zip(wanted).all(near)
}

fn largest(values: &[f32]) -> Option<usize> {
    let best = values
        .iter()
        .enumerate()
        .max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.map(|(index, _)| index)
}
