use std::num::NonZeroUsize;

use lru::LruCache;
use weir_engine::{Signature, State};
use weir_profile::DeviceId;

/// The tensors that a stateful guest has kept for each device; the least recently used device is forgotten.
pub(crate) struct States {
    kept: Option<LruCache<DeviceId, State>>,
}

impl States {
    pub(crate) fn new(signature: &Signature, devices_max: NonZeroUsize) -> Self {
        Self {
            kept: (!signature.state().is_empty()).then(|| LruCache::new(devices_max)),
        }
    }

    /// The device's state, initial where it is new; none for a guest without state.
    pub(crate) fn of(&mut self, device: &DeviceId, signature: &Signature) -> Option<&mut State> {
        let kept = self.kept.as_mut()?;
        if !kept.contains(device) {
            kept.put(device.clone(), State::initial(signature));
        }
        kept.get_mut(device)
    }
}
