use std::{sync::Arc, time::Instant};

use weir_engine::{
    Guest, InvokeError, Limits, Module, OpenError, Signature, State, Tensor, TensorRef, Trap,
};
use weir_health::Observed;
use weir_pipeline::RejectCode;

use crate::restarts::Restarts;

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
    #[error("the guest ends again and again; its next start is due in {due_ms} ms")]
    Waiting { due_ms: u128 },
}

impl Failure {
    /// One of the codes that rejects may have: why a guest does not open anew stands in the words.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Invoke(error) => error.code(),
            Self::Open(_) | Self::Waiting { .. } => RejectCode::GuestUnusable.code(),
        }
    }

    /// Whether the process that ran the guest ended, rather than the guest in it.
    const fn is_crash(&self) -> bool {
        matches!(self, Self::Invoke(InvokeError::Trap(Trap::Crashed { .. })))
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
///
/// A guest whose process ended is opened anew at once, and asked once more: whoever killed the process, the message
/// may be innocent. After the second end it is not tried again. A guest that ends again and again is opened anew
/// ever later, and meanwhile its messages are refused.
pub(crate) struct Keeper {
    source: GuestSource,
    guest: Option<Guest>,
    restarts: Restarts,
    observed: Arc<Observed>,
}

impl Keeper {
    pub(crate) fn open(source: GuestSource, observed: Arc<Observed>) -> Result<Self, OpenError> {
        let guest = Some(source.open(&observed)?);
        Ok(Self {
            source,
            guest,
            restarts: Restarts::default(),
            observed,
        })
    }

    pub(crate) fn signature(&self) -> &Signature {
        &self.source.signature
    }

    /// One inference. `now` is the clock.
    pub(crate) fn predict(
        &mut self,
        now: impl Fn() -> Instant,
        inputs: &[TensorRef<'_>],
        mut state: Option<&mut State>,
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), Failure> {
        let waits = !self.is_open();
        if let Some(left) = self.restarts.wait(now()).filter(|_| waits) {
            let due_ms = left.as_millis();
            return Err(Failure::Waiting { due_ms });
        }
        let tried = self.try_once(&now, inputs, state.as_deref_mut(), outputs);
        match tried {
            Err(failure) if failure.is_crash() => self.try_once(&now, inputs, state, outputs),
            tried => tried,
        }
    }

    fn try_once(
        &mut self,
        now: impl Fn() -> Instant,
        inputs: &[TensorRef<'_>],
        state: Option<&mut State>,
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), Failure> {
        let tried = self.ask(inputs, state, outputs);
        let pipeline = self.observed.pipeline();
        match &tried {
            Err(failure) if failure.is_crash() => {
                tracing::warn!(pipeline, "{}", crate::runner::words(failure));
                self.restarts.ended(now());
            }
            Err(Failure::Open(_)) => self.restarts.ended(now()),
            Ok(()) | Err(_) => self.restarts.worked(),
        }
        tried
    }

    fn ask(
        &mut self,
        inputs: &[TensorRef<'_>],
        state: Option<&mut State>,
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), Failure> {
        if !self.is_open() {
            self.guest = None;
        }
        let guest = match &mut self.guest {
            Some(guest) => guest,
            closed => closed.insert(self.source.open(&self.observed)?),
        };
        let predicted = guest.predict(inputs, state, outputs);
        for (level, line) in guest.take_log() {
            log(self.observed.pipeline(), level, &line);
        }
        Ok(predicted?)
    }

    fn is_open(&self) -> bool {
        self.guest.as_ref().is_some_and(Guest::usable)
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

#[cfg(test)]
mod tests;
