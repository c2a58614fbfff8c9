use std::{path::Path, sync::Arc, time::Instant};

use weir_engine::{Instance, Limits, Module, Trap};

use crate::{features::Shape, instance::Wasm3Instance};

/// A guest made ready for wasm3: validated, with its limits written into it.
pub(crate) struct Wasm3Module {
    pub(crate) worker: Arc<Path>,
    pub(crate) wasm: Vec<u8>,
    pub(crate) shape: Shape,
    pub(crate) limits: Limits,
}

impl Module for Wasm3Module {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap> {
        let begin = Instant::now();
        self.shape.check_sizes(&self.limits)?;
        Ok(Box::new(Wasm3Instance::start(self, begin)?))
    }
}
