use std::num::NonZeroUsize;

use lru::LruCache;
use weir_engine::{Signature, State};
use weir_profile::DeviceId;

/// The tensors that a stateful guest has kept for each device and model; the least recently used device is forgotten.
pub(crate) struct States {
    kept: Option<LruCache<DeviceId, Box<[Option<State>]>>>,
    models: usize,
}

impl States {
    pub(crate) fn new<'s>(
        signatures: impl Iterator<Item = &'s Signature>,
        devices_max: NonZeroUsize,
    ) -> Self {
        let (mut models, mut stateful) = (0, false);
        for signature in signatures {
            models += 1;
            stateful |= !signature.state().is_empty();
        }
        Self {
            kept: stateful.then(|| LruCache::new(devices_max)),
            models,
        }
    }

    /// The device's state with a model, initial where it is new; none for a guest without state.
    pub(crate) fn of(
        &mut self,
        device: &DeviceId,
        model: usize,
        signature: &Signature,
    ) -> Option<&mut State> {
        let kept = self.kept.as_mut()?;
        if !kept.contains(device) {
            let none = std::iter::repeat_with(|| None).take(self.models);
            kept.put(device.clone(), none.collect());
        }
        let state = kept.get_mut(device)?.get_mut(model)?;
        Some(state.get_or_insert_with(|| State::initial(signature)))
    }
}
