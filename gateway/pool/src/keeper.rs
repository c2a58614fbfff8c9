use std::{sync::Arc, time::Instant};

use weir_engine::{
    Guest, InvokeError, Limits, Module, OpenError, Signature, State, Tensor, TensorRef,
};
use weir_health::Observed;
use weir_pipeline::RejectCode;

/// All that is needed to open a guest, again and again.
#[derive(Clone)]
pub struct GuestSource {
    /// The code, made ready by an engine.
    pub module: Arc<dyn Module>,
    /// Its inputs, outputs and state.
    pub signature: Arc<Signature>,
    /// The model that it loads.
    pub model: Option<Arc<[u8]>>,
    /// What it may spend.
    pub limits: Limits,
    /// The stack that its engine wants a thread to have.
    pub thread_stack_bytes: usize,
}

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Failure {
    /// One of the codes that rejects may have: why a guest does not open anew stands in the words.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Invoke(error) => error.code(),
            Self::Open(_) => RejectCode::GuestUnusable.code(),
        }
    }
}

impl GuestSource {
    /// Opens the guest and notes how long that took.
    ///
    /// # Errors
    /// Fails where the guest cannot be opened under its limits.
    pub fn open(&self, observed: &Observed) -> Result<Guest, OpenError> {
        let begin = Instant::now();
        let model = self.model.as_deref();
        let signature = Arc::clone(&self.signature);
        let mut guest = Guest::open(&*self.module, signature, model, &self.limits)?;
        observed.guest_opened(begin.elapsed(), guest.memory_bytes());
        Ok(guest)
    }
}

/// Keeps one guest usable on its thread: after a trap it is opened anew, for the next message.
pub(crate) struct Keeper {
    source: GuestSource,
    guest: Guest,
    observed: Arc<Observed>,
}

impl Keeper {
    pub(crate) fn open(source: GuestSource, observed: Arc<Observed>) -> Result<Self, OpenError> {
        let guest = source.open(&observed)?;
        Ok(Self {
            source,
            guest,
            observed,
        })
    }

    pub(crate) fn signature(&self) -> &Signature {
        self.guest.signature()
    }

    pub(crate) fn predict(
        &mut self,
        inputs: &[TensorRef<'_>],
        state: Option<&mut State>,
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), Failure> {
        if !self.guest.usable() {
            self.guest = self.source.open(&self.observed)?;
        }
        let predicted = self.guest.predict(inputs, state, outputs);
        for (level, line) in self.guest.take_log() {
            log(self.observed.pipeline(), level, &line);
        }
        Ok(predicted?)
    }
}

fn log(pipeline: &str, level: u8, line: &str) {
    match level {
        1 => tracing::error!(target: "weir::guest", pipeline, "{line}"),
        2 => tracing::warn!(target: "weir::guest", pipeline, "{line}"),
        3 => tracing::info!(target: "weir::guest", pipeline, "{line}"),
        _ => tracing::debug!(target: "weir::guest", pipeline, "{line}"),
    }
}
