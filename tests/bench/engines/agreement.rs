use weir_engine::EngineKind;
use weir_tests::bench::Goal;

use crate::{engines::Who, workload::Workload};

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
pub(crate) fn goal(workloads: &[Workload], answers: &[Answer]) -> Goal {
    let differing: Vec<String> = workloads
        .iter()
        .flat_map(|workload| differing(workload, answers))
        .collect();
    let words = match differing.as_slice() {
        [] => format!("the {} that infer give the same answers", answers.len()),
        some => format!("other answers than wanted: {}", some.join(", ")),
    };
    Goal {
        words,
        met: (!answers.is_empty()).then_some(differing.is_empty()),
    }
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
