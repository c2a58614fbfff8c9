use std::{fmt, sync::Arc, time::Instant};

use crate::{Facts, PrepareError};

/// A tensor runtime of the host.
pub trait Backend: Send + Sync {
    /// The name used in profiles.
    fn name(&self) -> &'static str;

    /// Makes a model ready, once for a node: it is optimised, and what a run needs beside its tensors is shared by all
    /// that open it.
    ///
    /// # Errors
    /// Fails where the bytes are no ONNX model of these facts, need another file, or need what the backend lacks.
    fn prepare(
        &self,
        description: &nn_graph::Graph,
        onnx: &[u8],
    ) -> Result<Arc<Graph>, PrepareError>;
}

/// A model made ready by a backend.
pub struct Graph {
    backend: &'static str,
    facts: Facts,
    plan: Box<dyn Plan>,
}

/// What a backend keeps of a model.
pub(crate) trait Plan: Send + Sync {
    /// Memory for one run at a time.
    fn open(&self) -> Result<Box<dyn Run>, Fault>;
}

/// Memory for one run at a time.
pub(crate) trait Run {
    /// The bytes of an input, for writing.
    fn input(&mut self, index: usize) -> Option<&mut [u8]>;

    /// Computes the outputs from the inputs. It ends at the deadline, or as soon after it as the backend looks.
    fn compute(&mut self, ends: Instant) -> Result<(), Fault>;

    /// The bytes of an output of the last run.
    fn output(&self, index: usize) -> Option<&[u8]>;
}

/// Why a run gave nothing.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The deadline passed.
    Late,
    /// The backend failed, in its own words.
    Failed(String),
}

impl Graph {
    pub(crate) fn new(backend: &'static str, facts: Facts, plan: Box<dyn Plan>) -> Self {
        Self {
            backend,
            facts,
            plan,
        }
    }

    /// The backend that made it ready.
    #[must_use]
    pub const fn backend(&self) -> &'static str {
        self.backend
    }

    /// What it takes and gives.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) fn open(&self) -> Result<Box<dyn Run>, Fault> {
        self.plan.open()
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("backend", &self.backend)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}
