use std::sync::Arc;

use guest_abi::{
    export,
    import::{HOST, LOG},
};
use wasmparser::{Parser, Payload};
use wasmtime::{ExternType, InstancePre, Linker};
use weir_engine::{Instance, Limits, Module, Trap, is_offered};

use crate::{
    instance::{Host, WasmtimeInstance},
    ticker::Ticker,
};

/// Compiled code, shared by all limits that agree in its [`Setup`](crate::config::Setup).
pub(crate) type Compiled = Arc<wasmtime::Module>;

/// A guest compiled by Wasmtime.
pub(crate) struct WasmtimeModule {
    ready: InstancePre<Host>,
    limits: Limits,
    ticker: Arc<Ticker>,
    /// Held for others that load the same code.
    _compiled: Compiled,
}

impl WasmtimeModule {
    /// Links the code; the error is the reason why it is refused.
    pub(crate) fn new(
        compiled: Compiled,
        limits: &Limits,
        ticker: Arc<Ticker>,
    ) -> Result<Self, String> {
        check_imports(&compiled)?;
        if !matches!(
            compiled.get_export(export::MEMORY),
            Some(ExternType::Memory(_))
        ) {
            return Err("it exports no memory".to_owned());
        }
        let ready = link(&compiled).map_err(|error| format!("{error:#}"))?;
        Ok(Self {
            ready,
            limits: limits.clone(),
            ticker,
            _compiled: compiled,
        })
    }
}

impl Module for WasmtimeModule {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap> {
        let ticker = Arc::clone(&self.ticker);
        let instance = WasmtimeInstance::new(&self.ready, &self.limits, ticker)?;
        Ok(Box::new(instance))
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

fn check_imports(module: &wasmtime::Module) -> Result<(), String> {
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        if !is_offered(from, name) {
            return Err(format!("it imports {from}.{name}, which is not offered"));
        }
        let fits = import.ty().func().is_some_and(|ty| {
            ty.params().len() == 3
                && ty.results().len() == 0
                && ty.params().all(|param| param.is_i32())
        });
        if !fits {
            return Err(format!("it imports {from}.{name} with another signature"));
        }
    }
    Ok(())
}

fn link(module: &wasmtime::Module) -> wasmtime::Result<InstancePre<Host>> {
    let mut linker = Linker::new(module.engine());
    linker.func_wrap(HOST, LOG, Host::log)?;
    linker.instantiate_pre(module)
}
