//! The nn backends of this build: the one place that names every one, and keeps what they made ready.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use weir_engine::{GuestCode, NnProvider};
use weir_nn::{Backend, Bounds, Graph, Graphs, OnnxRuntime, Tract};
use weir_profile::{NnBackend, Profile};
use weir_store::{Model, describe, is_told_of_graphs};

/// Contexts of an instance: a guest needs one for its graph, and may open another for each of a few outputs.
const CONTEXTS_MAX: usize = 4;

/// The backend that the guests of a profile get.
pub(super) struct Chosen {
    backend: Arc<dyn Backend>,
    /// In words: its name, and what is worth knowing of it.
    pub(super) words: String,
    /// Why it is not the one that the profile names.
    pub(super) instead: Option<String>,
}

/// The backend that a profile grants. Where ONNX Runtime is asked for and is not there, tract is.
pub(super) fn choose(profile: &Profile) -> Option<Chosen> {
    let tract = |instead: Option<String>| Chosen {
        backend: Arc::new(Tract),
        words: "tract: built in".to_owned(),
        instead,
    };
    match profile.nn_backend {
        NnBackend::None => None,
        NnBackend::Tract => Some(tract(None)),
        NnBackend::OnnxRuntime => Some(match OnnxRuntime::find() {
            Ok(found) => Chosen {
                words: format!("onnxruntime: {}", found.about()),
                backend: Arc::new(found),
                instead: None,
            },
            Err(absent) => tract(Some(format!(
                "profile {} names onnxruntime, tract is used instead: {absent}",
                profile.name
            ))),
        }),
    }
}

impl Chosen {
    /// The graphs that a guest may use with a model.
    ///
    /// # Errors
    /// Fails where the backend cannot make the model ready.
    pub(super) fn provide(
        &self,
        code: &GuestCode,
        profile: &Profile,
        model: Option<&Model>,
    ) -> anyhow::Result<Arc<dyn NnProvider>> {
        let mut named = Vec::new();
        if let Some(model) = model {
            match describe(model) {
                Ok(description) => {
                    let graph = prepared(&*self.backend, model, &description)?;
                    named.push((description.name, graph));
                }
                Err(error) if is_told_of_graphs(code) => return Err(error.into()),
                Err(_) => {}
            }
        }
        let bounds = Bounds {
            contexts_max: CONTEXTS_MAX,
            // What passes through a guest's memory is no larger than it.
            tensor_bytes_max: usize::try_from(profile.limits.memory_bytes_max)
                .unwrap_or(usize::MAX),
        };
        Ok(Graphs::new(named, bounds).provider())
    }
}

/// What decides whether two graphs are one: the backend, the model's digest, and what is said of it.
type Key = (&'static str, [u8; 32], Vec<u8>);

/// The graphs in use; one that no lane uses any more is freed.
static PREPARED: Mutex<Vec<(Key, Weak<Graph>)>> = Mutex::new(Vec::new());

/// Loads of the same model wait for each other, and the second finds what the first one made.
fn prepared(
    backend: &dyn Backend,
    model: &Model,
    description: &nn_graph::Graph,
) -> anyhow::Result<Arc<Graph>> {
    let key = (backend.name(), model.sha256, description.encode()?);
    let mut graphs = PREPARED.lock();
    graphs.retain(|(_, graph)| graph.strong_count() > 0);
    let found = graphs.iter().find(|(known, _)| *known == key);
    if let Some(graph) = found.and_then(|(_, graph)| graph.upgrade()) {
        return Ok(graph);
    }
    let graph = backend
        .prepare(description, &model.bytes)
        .map_err(|error| anyhow::anyhow!("model {} cannot be made ready: {error}", model.name))?;
    graphs.push((key, Arc::downgrade(&graph)));
    Ok(graph)
}
