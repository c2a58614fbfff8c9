use std::sync::Arc;

use guest_abi::export;
use wasmi::{ExternType, Linker, ValType};
use weir_engine::{
    EngineKind, GuestCode, Import, Instance, Limits, LoadError, Module, NnProvider, Trap,
};

use crate::{
    instance::{Host, WasmiInstance},
    nn, select,
};

/// A guest translated for wasmi.
pub(crate) struct WasmiModule {
    module: wasmi::Module,
    linker: Linker<Host>,
    limits: Limits,
    nn: Option<Arc<dyn NnProvider>>,
}

impl WasmiModule {
    pub(crate) fn new(
        engine: &wasmi::Engine,
        code: &GuestCode,
        nn: Option<Arc<dyn NnProvider>>,
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
        check_imports(&module, nn.is_some()).map_err(rejected)?;
        if !matches!(
            module.get_export(export::MEMORY),
            Some(ExternType::Memory(_))
        ) {
            return Err(rejected("it exports no memory".to_owned()));
        }
        let linker = linker(engine, nn.is_some()).map_err(|cause| rejected(cause.to_string()))?;
        Ok(Self {
            module,
            linker,
            limits: limits.clone(),
            nn,
        })
    }

    pub(crate) fn instance(&self) -> Result<WasmiInstance, Trap> {
        let mut instance = WasmiInstance::new(&self.linker, &self.module, &self.limits)?;
        if let Some(nn) = &self.nn {
            instance.equip(nn.open());
        }
        Ok(instance)
    }
}

impl Module for WasmiModule {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap> {
        Ok(Box::new(self.instance()?))
    }
}

fn check_imports(module: &wasmi::Module, has_nn: bool) -> Result<(), String> {
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        let offered = Import::granted(from, name, has_nn)?;
        let fits = import.ty().func().is_some_and(|ty| {
            let mut types = ty.params().iter().chain(ty.results());
            ty.params().len() == offered.params()
                && ty.results().len() == usize::from(offered.returns())
                && types.all(|ty| *ty == ValType::I32)
        });
        if !fits {
            return Err(format!("it imports {from}.{name} with another signature"));
        }
    }
    Ok(())
}

fn linker(engine: &wasmi::Engine, has_nn: bool) -> Result<Linker<Host>, wasmi::Error> {
    use guest_abi::import::{HOST, LOG};
    let mut linker = Linker::new(engine);
    linker.func_wrap(HOST, LOG, Host::log)?;
    if has_nn {
        nn::link(&mut linker)?;
    }
    Ok(linker)
}
