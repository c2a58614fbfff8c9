use std::sync::Arc;

use weir_engine::{NnHost, NnProvider};

use crate::{Graph, host::Instance};

/// The graphs that the instances of one lane may use, by their names.
#[derive(Debug)]
pub struct Graphs {
    pub(crate) named: Vec<(String, Arc<Graph>)>,
    pub(crate) bounds: Bounds,
}

/// What one instance may have open. A guest that is made with the crate `wasi-nn` opens one context for a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Contexts.
    pub contexts_max: usize,
    /// Bytes of the inputs and outputs of all of its contexts. What a backend needs in between is the model's.
    pub tensor_bytes_max: usize,
}

impl Graphs {
    /// These graphs, within these bounds. Of two with one name the first is found.
    #[must_use]
    pub const fn new(named: Vec<(String, Arc<Graph>)>, bounds: Bounds) -> Self {
        Self { named, bounds }
    }
}

/// A lane hands clones of one `Arc` to its instances.
#[derive(Debug, Clone)]
struct Shared(Arc<Graphs>);

impl Graphs {
    /// For the lane's equipment.
    #[must_use]
    pub fn provider(self) -> Arc<dyn NnProvider> {
        Arc::new(Shared(Arc::new(self)))
    }
}

impl NnProvider for Shared {
    fn open(&self) -> Box<dyn NnHost> {
        Box::new(Instance::new(Arc::clone(&self.0)))
    }
}
