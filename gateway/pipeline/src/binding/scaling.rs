use weir_profile::Scaling;

use super::{BindError, Dim, Form, InputFacts};
use crate::prepare::{Preparation, Step};

/// Why numbers make no preparation.
pub(super) struct Fault {
    what: &'static str,
    kind: FaultKind,
}

enum FaultKind {
    Count {
        values: usize,
        channels: Option<usize>,
    },
    NotFinite,
    Zero,
}

/// The steps for every channel of an input: the pipeline's numbers, where it has none the model's.
pub(super) fn preparation(
    scaling: &Scaling,
    facts: Option<&InputFacts>,
    form: &Form,
    dims: &[Dim],
) -> Result<Preparation, Fault> {
    let of_model = |pick: fn(&InputFacts) -> &Vec<f32>| facts.map_or(&[][..], |facts| pick(facts));
    let mean = scaling
        .mean
        .as_deref()
        .unwrap_or(of_model(|facts| &facts.mean));
    let std = scaling
        .std
        .as_deref()
        .unwrap_or(of_model(|facts| &facts.std));
    let lists = [
        ("scale", scaling.scale.as_slice()),
        ("offset", scaling.offset.as_slice()),
        ("mean", mean),
        ("std", std),
    ];
    let channels = channels(form, dims);
    for (what, values) in lists {
        check(what, values, channels)?;
    }
    let steps = lists
        .iter()
        .map(|(_, values)| values.len())
        .max()
        .unwrap_or(0)
        .max(1);
    let at = |values: &[f32], index: usize, default: f32| match *values {
        [] => default,
        [one] => one,
        ref many => many.get(index).copied().unwrap_or(default),
    };
    let step = |index: usize| {
        Step::new(
            at(&scaling.scale, index, 1.0),
            at(&scaling.offset, index, 0.0),
            at(mean, index, 0.0),
            at(std, index, 1.0),
        )
    };
    Ok(Preparation::new((0..steps).map(step).collect()))
}

/// The number of channels, where it is known before a message comes.
fn channels(form: &Form, dims: &[Dim]) -> Option<usize> {
    match form {
        Form::Window { channels, .. } | Form::Fields { channels } => Some(*channels),
        Form::Whole { axis } => match dims.get(*axis) {
            Some(dim) => dim.and_then(|dim| usize::try_from(dim).ok()),
            None => Some(1),
        },
    }
}

fn check(what: &'static str, values: &[f32], channels: Option<usize>) -> Result<(), Fault> {
    let kind = if values.len() > 1 && channels != Some(values.len()) {
        FaultKind::Count {
            values: values.len(),
            channels,
        }
    } else if values.iter().any(|value| !value.is_finite()) {
        FaultKind::NotFinite
    } else if what == "std" && values.contains(&0.0) {
        FaultKind::Zero
    } else {
        return Ok(());
    };
    Err(Fault { what, kind })
}

impl Fault {
    pub(super) fn error(self, key: String, input: &str) -> BindError {
        let words = match self.kind {
            FaultKind::Count {
                values,
                channels: Some(channels),
            } => {
                format!("{values} values for {channels} channels; give one for all or one for each")
            }
            FaultKind::Count {
                values,
                channels: None,
            } => {
                format!("{values} values, but the model's channels vary; give one for all")
            }
            FaultKind::NotFinite => "a value is not finite".to_owned(),
            FaultKind::Zero => "a value is 0, which cannot be divided by".to_owned(),
        };
        BindError::Scaling {
            key,
            what: self.what,
            input: input.to_owned(),
            words,
        }
    }
}
