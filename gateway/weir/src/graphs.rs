//! Graphs on the host, for the guests that reach for them.

#[cfg(target_pointer_width = "64")]
mod backends;
#[cfg(not(target_pointer_width = "64"))]
#[path = "graphs/backends_absent.rs"]
mod backends;

use std::sync::Arc;

use weir_engine::{GuestCode, NnProvider};
use weir_pipeline::{InputFacts, Layout, ModelFacts};
use weir_profile::Profile;
use weir_store::{GraphUse, Model, is_told_of_graphs, reaches_graphs};

use backends::choose;

/// Which backend a lane's guest computes on, in words; none where it reaches for none.
pub(crate) fn words(code: &GuestCode, profile: &Profile) -> Option<String> {
    let chosen = choose(profile).filter(|_| reaches_graphs(code))?;
    let instead = chosen.instead.map(|why| format!(" ({why})"));
    Some(format!("{}{}", chosen.words, instead.unwrap_or_default()))
}

/// Why the backend is not the one that the profile names, where a lane's guest reaches for one.
pub(crate) fn instead(code: &GuestCode, profile: &Profile) -> Option<String> {
    choose(profile)
        .filter(|_| reaches_graphs(code))
        .and_then(|chosen| chosen.instead)
}

/// The graphs that a guest may use with a model; none where it reaches for none, or is granted none.
///
/// # Errors
/// Fails where the backend cannot make the model ready, or is not part of this build.
pub(crate) fn equip(
    code: &GuestCode,
    profile: &Profile,
    model: Option<&Model>,
) -> anyhow::Result<Option<Arc<dyn NnProvider>>> {
    let chosen = choose(profile).filter(|_| reaches_graphs(code));
    let Some(chosen) = chosen else {
        return Ok(None);
    };
    chosen.provide(code, profile, model).map(Some)
}

/// What is left of a model's facts for the pipeline to do, where its guest does some of it around the graph.
pub(crate) fn left_to_do(code: &GuestCode, model: &Model, facts: ModelFacts) -> ModelFacts {
    if !is_told_of_graphs(code) {
        return facts;
    }
    let image = InputFacts {
        name: nn_graph::IMAGE.to_owned(),
        layout: Some(Layout::ChannelsLast),
        ..InputFacts::default()
    };
    let boxes = model.graph.boxes.is_some();
    ModelFacts {
        inputs: match model.graph.image {
            Some(_) => vec![image],
            None => facts.inputs,
        },
        logits: facts.logits && !model.graph.softmax && !boxes,
        // They are those of the classes: a box has one of them, an output has not.
        labels: if boxes { Vec::new() } else { facts.labels },
    }
}

/// Whether what a model's card says goes in and comes out is what goes into its guest and comes out of it.
pub(crate) fn keeps_tensors(code: &GuestCode, model: &Model) -> bool {
    !is_told_of_graphs(code) || model.graph == GraphUse::default()
}
