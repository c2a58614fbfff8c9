use std::sync::{Arc, Weak};

use weir_engine::{GuestCode, GuestModel, Limits};

use crate::{
    cache::{Form, Key},
    capacity::Capacity,
    config::Setup,
    module::Compiled,
    profiling::Profiling,
    ticker::Ticker,
};

/// A guest that is to be loaded.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) code: &'a GuestCode,
    pub(crate) model: Option<&'a GuestModel>,
    /// Code of a package is wanted; it has no model.
    pub(crate) shipped: bool,
    pub(crate) nn: bool,
    pub(crate) limits: &'a Limits,
    pub(crate) setup: Setup,
}

impl Wanted<'_> {
    pub(crate) fn key(&self) -> Key<'_> {
        Key {
            guest: &self.code.sha256,
            form: match self.model {
                None if self.shipped => Form::Shipped,
                None => Form::Cold,
                Some(model) => Form::Snapshot {
                    model: &model.sha256,
                },
            },
        }
    }
}

/// What guests use now. Nothing is kept here that no guest uses.
#[derive(Default)]
pub(crate) struct Live {
    engines: Vec<(Setup, wasmtime::EngineWeak)>,
    compiled: Vec<InUse>,
}

struct InUse {
    setup: Setup,
    guest: [u8; 32],
    model: Option<[u8; 32]>,
    shipped: bool,
    module: Weak<wasmtime::Module>,
}

impl Live {
    pub(crate) fn forget_unused(&mut self) {
        self.engines
            .retain(|(_, engine)| engine.upgrade().is_some());
        self.compiled.retain(|used| used.module.strong_count() > 0);
    }

    pub(crate) fn compiled(&self, wanted: &Wanted<'_>) -> Option<Compiled> {
        let model = wanted.model.map(|model| model.sha256);
        let mut used = self.compiled.iter();
        let found = used.find(|used| {
            used.setup == wanted.setup
                && used.guest == wanted.code.sha256
                && used.model == model
                && used.shipped == wanted.shipped
        })?;
        found.module.upgrade()
    }

    pub(crate) fn add(&mut self, wanted: &Wanted<'_>, module: &Compiled) {
        self.compiled.push(InUse {
            setup: wanted.setup,
            guest: wanted.code.sha256,
            model: wanted.model.map(|model| model.sha256),
            shipped: wanted.shipped,
            module: Arc::downgrade(module),
        });
    }

    pub(crate) fn engine(
        &mut self,
        setup: Setup,
        capacity: Capacity,
        profiling: &Profiling,
        ticker: &Ticker,
    ) -> wasmtime::Result<wasmtime::Engine> {
        let mut engines = self.engines.iter();
        let live = engines.find(|(of, _)| *of == setup);
        if let Some(engine) = live.and_then(|(_, engine)| engine.upgrade()) {
            return Ok(engine);
        }
        let engine = setup.pooled(capacity, profiling).or_else(|error| {
            tracing::warn!(
                "no pool for {} instances ({error:#}): each gets its addresses by itself, which is slower",
                capacity.instances_max
            );
            setup.unpooled(profiling)
        })?;
        ticker.add(engine.weak());
        self.engines.push((setup, engine.weak()));
        Ok(engine)
    }
}
