use std::sync::Arc;

use parking_lot::Mutex;
use weir_engine::Module;

/// What became of the better code that a guest was to have: put there by whoever makes it, taken between two messages.
#[derive(Default)]
pub(crate) struct Better(Mutex<Option<Result<Arc<dyn Module>, String>>>);

impl Better {
    pub(crate) fn put(&self, made: Result<Arc<dyn Module>, String>) {
        *self.0.lock() = Some(made);
    }

    pub(crate) fn take(&self) -> Option<Result<Arc<dyn Module>, String>> {
        self.0.lock().take()
    }
}
