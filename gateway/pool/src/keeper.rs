use std::{sync::Arc, time::Instant};

use tokio::sync::Notify;
use weir_engine::{
    Guest, InvokeError, Module, OpenError, Signature, State, Tensor, TensorRef, Trap,
};
use weir_health::{Closed, Improved, Improving, NotImproved, Observed, Renewed};
use weir_pipeline::RejectCode;
use weir_profile::Isolation;

use crate::{better::Better, restarts::Restarts, source::GuestSource};

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

/// Keeps one guest usable on its thread: after a trap it is opened anew, for the next message.
///
/// A guest whose process ended is opened anew at once, and asked once more: whoever killed the process, the message
/// may be innocent. After the second end it is not tried again. A guest that ends again and again is opened anew
/// ever later, and meanwhile its messages are refused.
///
/// Where each message has an instance of its own, the one that served is dropped before the next is opened: there is
/// never more than one.
pub(crate) struct Keeper {
    source: GuestSource,
    isolation: Isolation,
    guest: Option<Guest>,
    /// Whether the instance has served its message, and is to serve no other.
    spent: bool,
    /// Whether it made room for another model.
    gave_way: bool,
    /// Linear memory of the instance, as it was last seen.
    memory_bytes: u64,
    restarts: Restarts,
    /// Better code for it, once that is made.
    better: Arc<Better>,
    observed: Arc<Observed>,
}

impl Keeper {
    pub(crate) fn open(
        source: GuestSource,
        isolation: Isolation,
        observed: Arc<Observed>,
    ) -> Result<Self, OpenError> {
        let mut guest = source.open(&observed)?;
        Ok(Self {
            source,
            isolation,
            memory_bytes: guest.memory_bytes(),
            guest: Some(guest),
            spent: false,
            gave_way: false,
            restarts: Restarts::default(),
            better: Arc::default(),
            observed,
        })
    }

    /// Has better code made, where there can be; `woken` is told when [`Keeper::take_better`] has something to do.
    pub(crate) fn improve(&self, woken: &Arc<Notify>) {
        let better = Arc::clone(&self.better);
        let woken = Arc::clone(woken);
        let tell = move |made| {
            better.put(made);
            woken.notify_one();
        };
        if self.source.module.improve(Box::new(tell)) {
            let guest = &self.source.name;
            Improving { guest }.emit(&self.observed);
        }
    }

    /// Goes on with better code, where it was made: between two messages. Where it does not open, the code that served
    /// so far is opened again for the next message.
    pub(crate) fn take_better(&mut self) {
        let Some(made) = self.better.take() else {
            return;
        };
        let taken = made.and_then(|module| self.exchange(module));
        let guest = &self.source.name;
        match taken {
            Ok(()) => Improved { guest }.emit(&self.observed),
            Err(why) => NotImproved { guest, why: &why }.emit(&self.observed),
        }
    }

    fn exchange(&mut self, module: Arc<dyn Module>) -> Result<(), String> {
        let was_open = self.has_instance();
        self.discard();
        let served = std::mem::replace(&mut self.source.module, module);
        if !was_open {
            return Ok(());
        }
        match self.source.open(&self.observed) {
            Ok(guest) => {
                self.guest = Some(guest);
                Ok(())
            }
            Err(error) => {
                self.source.module = served;
                Err(crate::runner::chain(&error))
            }
        }
    }

    pub(crate) fn signature(&self) -> &Signature {
        &self.source.signature
    }

    /// The linear memory that the instance has, or had when there last was one.
    pub(crate) fn memory_bytes(&mut self) -> u64 {
        if let Some(guest) = &mut self.guest {
            self.memory_bytes = guest.memory_bytes();
        }
        self.memory_bytes
    }

    /// Whether there is an instance, usable or not.
    pub(crate) fn has_instance(&self) -> bool {
        self.guest.is_some()
    }

    /// Makes room for another model: the next message opens the guest again.
    pub(crate) fn give_way(&mut self) {
        self.memory_bytes();
        self.guest = None;
        self.spent = false;
        self.gave_way = true;
        let guest = &self.source.name;
        Closed { guest }.emit(&self.observed);
    }

    /// Makes the next message's instance ready where each has its own, while no message waits for this one's result. Where
    /// that fails the next message tries again, and is rejected with the reason.
    pub(crate) fn renew(&mut self, now: impl Fn() -> Instant) {
        if !self.spent {
            return;
        }
        self.discard();
        if self.restarts.wait(now()).is_none() && self.opened().is_err() {
            self.restarts.ended(now());
        }
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
            self.discard();
        }
        let guest = self.opened()?;
        let predicted = guest.predict(inputs, state, outputs);
        let lines = guest.take_log();
        self.spent = self.isolation == Isolation::Fresh;
        for (level, line) in lines {
            log(self.observed.pipeline(), level, &line);
        }
        Ok(predicted?)
    }

    fn is_open(&self) -> bool {
        !self.spent && self.guest.as_ref().is_some_and(Guest::usable)
    }

    fn discard(&mut self) {
        self.guest = None;
        self.spent = false;
    }

    /// The instance; a new one where there is none.
    fn opened(&mut self) -> Result<&mut Guest, OpenError> {
        let closed = match &mut self.guest {
            Some(guest) => return Ok(guest),
            closed => closed,
        };
        let opened = match self.isolation {
            Isolation::Fresh if !self.gave_way => {
                let begin = Instant::now();
                let guest = self.source.instance()?;
                let took = begin.elapsed();
                Renewed { took }.emit(&self.observed);
                guest
            }
            Isolation::Fresh | Isolation::Warm => {
                self.source.open_again(&self.observed, self.gave_way)?
            }
        };
        self.gave_way = false;
        Ok(closed.insert(opened))
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
