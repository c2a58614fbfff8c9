use guest_abi::export;
use wasmi::{ExternType, Linker, ValType};
use weir_engine::{EngineKind, GuestCode, Instance, Limits, LoadError, Module, Trap, is_offered};

use crate::{
    instance::{Host, WasmiInstance},
    select,
};

/// A guest translated for wasmi.
pub(crate) struct WasmiModule {
    module: wasmi::Module,
    linker: Linker<Host>,
    limits: Limits,
}

impl WasmiModule {
    pub(crate) fn new(
        engine: &wasmi::Engine,
        code: &GuestCode,
        limits: &Limits,
    ) -> Result<Self, LoadError> {
        let rejected = |reason: String| LoadError::Rejected {
            engine: EngineKind::Wasmi,
            guest: code.name.clone(),
            reason,
        };
        let wasm = select::guarded(&code.wasm).map_err(rejected)?;
        let module =
            wasmi::Module::new(engine, &wasm).map_err(|cause| rejected(cause.to_string()))?;
        check_imports(&module).map_err(rejected)?;
        if !matches!(
            module.get_export(export::MEMORY),
            Some(ExternType::Memory(_))
        ) {
            return Err(rejected("it exports no memory".to_owned()));
        }
        let linker = linker(engine).map_err(|cause| rejected(cause.to_string()))?;
        Ok(Self {
            module,
            linker,
            limits: limits.clone(),
        })
    }

    pub(crate) fn instance(&self) -> Result<WasmiInstance, Trap> {
        WasmiInstance::new(&self.linker, &self.module, &self.limits)
    }
}

impl Module for WasmiModule {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap> {
        Ok(Box::new(self.instance()?))
    }
}

fn check_imports(module: &wasmi::Module) -> Result<(), String> {
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        if !is_offered(from, name) {
            return Err(format!("it imports {from}.{name}, which is not offered"));
        }
        let fits = import.ty().func().is_some_and(|ty| {
            ty.params() == [ValType::I32; 3].as_slice() && ty.results().is_empty()
        });
        if !fits {
            return Err(format!("it imports {from}.{name} with another signature"));
        }
    }
    Ok(())
}

fn linker(engine: &wasmi::Engine) -> Result<Linker<Host>, wasmi::Error> {
    use guest_abi::import::{HOST, LOG};
    let mut linker = Linker::new(engine);
    linker.func_wrap(HOST, LOG, Host::log)?;
    Ok(linker)
}
