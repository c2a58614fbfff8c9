use std::{num::NonZeroUsize, sync::Arc, time::Instant};

use tokio::sync::Notify;
use weir_engine::{OpenError, Signature, State, Tensor, TensorRef};
use weir_health::Observed;
use weir_profile::Isolation;

use crate::{
    keeper::{Failure, Keeper},
    source::GuestSource,
};

/// What the threads of a lane run.
#[derive(Clone)]
pub struct Guests {
    /// The guest with each model that a message may name; the first is the pipeline's own. At least one.
    pub sources: Vec<GuestSource>,
    /// What survives from one message to the next.
    pub isolation: Isolation,
    /// Guest memory of all instances that are open at once, where there are several models.
    pub memory_bytes_max: u64,
}

impl Guests {
    /// The share of one of so many threads.
    pub(crate) fn share(&mut self, threads: NonZeroUsize) {
        let threads = u64::try_from(threads.get()).unwrap_or(u64::MAX);
        self.memory_bytes_max /= threads;
    }
}

/// One guest, kept warm.
impl From<GuestSource> for Guests {
    fn from(source: GuestSource) -> Self {
        Self {
            memory_bytes_max: source.limits.memory_bytes_max,
            sources: vec![source],
            isolation: Isolation::Warm,
        }
    }
}

/// A guest cannot be opened under its limits.
#[derive(Debug, thiserror::Error)]
#[error("{guest} does not open")]
pub struct DoesNotOpen {
    /// Guest and model.
    pub guest: String,
    /// Why.
    #[source]
    pub cause: OpenError,
}

/// The guest with each of its models on one thread. Those that were used least recently make room where all together
/// have more memory than they may; the one in use is always there.
pub(crate) struct Models {
    keepers: Vec<Keeper>,
    /// The places of the keepers, the most recently used one last.
    recent: Vec<usize>,
    memory_bytes_max: u64,
}

impl Models {
    /// Opens each model, also those that make room at once: one that does not open is found at the start.
    pub(crate) fn open(guests: Guests, observed: &Arc<Observed>) -> Result<Self, DoesNotOpen> {
        let mut models = Self {
            keepers: Vec::with_capacity(guests.sources.len()),
            recent: Vec::with_capacity(guests.sources.len()),
            memory_bytes_max: guests.memory_bytes_max,
        };
        for (place, source) in guests.sources.into_iter().enumerate() {
            let guest = source.name.clone();
            let opened = Keeper::open(source, guests.isolation, Arc::clone(observed));
            let opened = opened.map_err(|cause| DoesNotOpen { guest, cause })?;
            models.keepers.push(opened);
            models.recent.insert(0, place);
            models.make_room();
        }
        Ok(models)
    }

    /// Has better code made for each model, where there can be.
    pub(crate) fn improve(&self, woken: &Arc<Notify>) {
        for keeper in &self.keepers {
            keeper.improve(woken);
        }
    }

    /// Goes on with better code, where it was made.
    pub(crate) fn take_better(&mut self) {
        self.keepers.iter_mut().for_each(Keeper::take_better);
    }

    pub(crate) fn signature(&self, model: usize) -> &Signature {
        self.keepers[model].signature()
    }

    pub(crate) fn signatures(&self) -> impl Iterator<Item = &Signature> {
        self.keepers.iter().map(Keeper::signature)
    }

    /// One inference of one model. `now` is the clock.
    pub(crate) fn predict(
        &mut self,
        model: usize,
        now: impl Fn() -> Instant,
        inputs: &[TensorRef<'_>],
        state: Option<&mut State>,
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), Failure> {
        self.choose(model);
        let predicted = self.keepers[model].predict(now, inputs, state, outputs);
        self.make_room();
        predicted
    }

    /// Makes the next message's instance ready, where each message has its own.
    pub(crate) fn renew(&mut self, now: impl Fn() -> Instant) {
        if let Some(model) = self.recent.last() {
            self.keepers[*model].renew(now);
        }
    }

    /// Makes a model the most recently used one, and room for it where it is closed.
    fn choose(&mut self, model: usize) {
        if self.recent.last() == Some(&model) {
            return;
        }
        self.recent.retain(|other| *other != model);
        self.recent.push(model);
        self.make_room();
    }

    /// Closes others than the most recently used model until all together keep within the limit.
    fn make_room(&mut self) {
        let Some((in_use, others)) = self
            .recent
            .split_last()
            .filter(|(_, rest)| !rest.is_empty())
        else {
            return;
        };
        let mut bytes = self.keepers[*in_use].memory_bytes();
        for other in others.iter().rev() {
            let keeper = &mut self.keepers[*other];
            if keeper.has_instance() {
                bytes = bytes.saturating_add(keeper.memory_bytes());
                if bytes > self.memory_bytes_max {
                    keeper.give_way();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
