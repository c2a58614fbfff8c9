use std::{sync::Arc, time::Instant};

use weir_engine::{Guest, Limits, Module, OpenError, Signature, Start};
use weir_health::{Code, Observed, Opened};

/// All that is needed to open a guest, again and again.
#[derive(Clone)]
pub struct GuestSource {
    /// Guest and model, for logs and faults: `onnx@1.0.0 with vibration@1.0.0`.
    pub name: String,
    /// The code, made ready by an engine.
    pub module: Arc<dyn Module>,
    /// Its inputs, outputs and state.
    pub signature: Arc<Signature>,
    /// The model that it loads.
    pub model: Option<Arc<[u8]>>,
    /// What it may spend.
    pub limits: Limits,
}

impl GuestSource {
    /// Opens the guest and notes how long that took.
    ///
    /// # Errors
    /// Fails where the guest cannot be opened under its limits.
    pub fn open(&self, observed: &Observed) -> Result<Guest, OpenError> {
        self.open_again(observed, false)
    }

    /// The same, of one that may have made room for another model.
    pub(crate) fn open_again(&self, observed: &Observed, again: bool) -> Result<Guest, OpenError> {
        let begin = Instant::now();
        let mut guest = self.instance()?;
        Opened {
            guest: &self.name,
            took: begin.elapsed(),
            memory_bytes: guest.memory_bytes(),
            again,
            code: Code {
                precompiled: self.module.is_precompiled(),
                snapshot: self.module.start() == Start::Snapshot,
            },
        }
        .emit(observed);
        Ok(guest)
    }

    pub(crate) fn instance(&self) -> Result<Guest, OpenError> {
        let model = self.model.as_deref();
        let signature = Arc::clone(&self.signature);
        Guest::open(&*self.module, signature, model, &self.limits)
    }
}
