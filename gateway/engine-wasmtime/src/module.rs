use std::sync::Arc;

use guest_abi::import::{HOST, LOG};
use wasmparser::{Parser, Payload};
use wasmtime::{InstancePre, Linker};
use weir_engine::{Import, Instance, Limits, Module, NnProvider, Start, TellBetter, Trap};

use crate::{
    background::Improvable,
    exports::Exports,
    instance::{Host, WasmtimeInstance},
    nn,
    profiling::Sampler,
    ticker::Ticker,
};

/// Compiled code, shared by all limits that agree in its [`Setup`](crate::config::Setup).
pub(crate) type Compiled = Arc<wasmtime::Module>;

/// A guest compiled by Wasmtime.
pub(crate) struct WasmtimeModule {
    ready: InstancePre<Host>,
    exports: Exports,
    start: Start,
    why_cold: Option<String>,
    limits: Limits,
    ticker: Arc<Ticker>,
    nn: Option<Arc<dyn NnProvider>>,
    sampler: Option<Arc<Sampler>>,
    precompiled: bool,
    improvable: Option<Improvable>,
    /// Held for others that load the same code.
    _compiled: Compiled,
}

impl WasmtimeModule {
    /// Links the code; the error is the reason why it is refused.
    pub(crate) fn new(
        compiled: Compiled,
        limits: &Limits,
        nn: Option<Arc<dyn NnProvider>>,
        ticker: Arc<Ticker>,
    ) -> Result<Self, String> {
        check_imports(&compiled, nn.is_some())?;
        let exports = Exports::of(&compiled).ok_or("it exports no memory")?;
        let ready = link(&compiled, nn.is_some()).map_err(|error| format!("{error:#}"))?;
        Ok(Self {
            ready,
            exports,
            start: Start::Cold,
            why_cold: None,
            limits: limits.clone(),
            ticker,
            nn,
            sampler: None,
            precompiled: false,
            improvable: None,
            _compiled: compiled,
        })
    }

    /// The same, looked at while it runs.
    pub(crate) fn sampled_by(self, sampler: Option<Arc<Sampler>>) -> Self {
        Self { sampler, ..self }
    }

    /// The same, of code whose instances begin with the model loaded.
    pub(crate) fn of_snapshot(self) -> Self {
        Self {
            start: Start::Snapshot,
            ..self
        }
    }

    /// The same, with the reason why its instances begin cold though there is a model to load.
    pub(crate) fn cold_because(self, why_cold: Option<String>) -> Self {
        Self { why_cold, ..self }
    }

    /// The same, of code that a package brought.
    pub(crate) fn precompiled(self) -> Self {
        Self {
            precompiled: true,
            ..self
        }
    }

    /// The same, of which there can be a better form.
    pub(crate) fn improved_by(self, improvable: Improvable) -> Self {
        Self {
            improvable: Some(improvable),
            ..self
        }
    }

    pub(crate) fn new_instance(&self) -> Result<WasmtimeInstance, Trap> {
        let ticker = Arc::clone(&self.ticker);
        let mut instance = WasmtimeInstance::new(&self.ready, &self.exports, &self.limits, ticker)?;
        if let Some(sampler) = &self.sampler {
            instance.sampled_by(Arc::clone(sampler));
        }
        if let Some(nn) = &self.nn {
            instance.equip(nn.open());
        }
        Ok(instance)
    }
}

impl Module for WasmtimeModule {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap> {
        Ok(Box::new(self.new_instance()?))
    }

    fn start(&self) -> Start {
        self.start
    }

    fn why_cold(&self) -> Option<&str> {
        self.why_cold.as_deref()
    }

    fn is_precompiled(&self) -> bool {
        self.precompiled
    }

    fn improve(&self, tell: TellBetter) -> bool {
        let Some(improvable) = &self.improvable else {
            return false;
        };
        improvable.improve(tell);
        true
    }
}

/// Refuses a start function: it would run while the guest is instantiated, before any deadline.
pub(crate) fn check_start(wasm: &[u8]) -> Result<(), String> {
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::StartSection { .. } = payload.map_err(|error| error.to_string())? {
            return Err("it has a start function".to_owned());
        }
    }
    Ok(())
}

fn check_imports(module: &wasmtime::Module, has_nn: bool) -> Result<(), String> {
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        let offered = Import::granted(from, name, has_nn)?;
        let fits = import.ty().func().is_some_and(|ty| {
            ty.params().len() == offered.params()
                && ty.results().len() == usize::from(offered.returns())
                && ty.params().chain(ty.results()).all(|ty| ty.is_i32())
        });
        if !fits {
            return Err(format!("it imports {from}.{name} with another signature"));
        }
    }
    Ok(())
}

fn link(module: &wasmtime::Module, has_nn: bool) -> wasmtime::Result<InstancePre<Host>> {
    let mut linker = Linker::new(module.engine());
    linker.func_wrap(HOST, LOG, Host::log)?;
    if has_nn {
        nn::link(&mut linker)?;
    }
    linker.instantiate_pre(module)
}
