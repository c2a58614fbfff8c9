use guest_abi::export;
use wasmtime::{AsContextMut, ExternType, Func, FuncType, Instance, Memory, Module, ModuleExport};
use weir_engine::Export;

/// Where a module's exports are: looked up by name once, not for each instance.
pub(crate) struct Exports {
    memory: ModuleExport,
    funcs: [Option<ModuleExport>; Export::ALL.len()],
}

impl Exports {
    /// None where there is no memory. Functions with another signature than the ABI's are left out.
    pub(crate) fn of(module: &Module) -> Option<Self> {
        let ExternType::Memory(_) = module.get_export(export::MEMORY)? else {
            return None;
        };
        let func = |export: Export| {
            let ty = module.get_export(export.name())?;
            let known = ty.func().is_some_and(|ty| has_signature(ty, export));
            known.then(|| module.get_export_index(export.name()))?
        };
        Some(Self {
            memory: module.get_export_index(export::MEMORY)?,
            funcs: Export::ALL.map(func),
        })
    }

    pub(crate) fn memory(&self, of: &Instance, store: impl AsContextMut) -> Option<Memory> {
        of.get_module_export(store, &self.memory)?.into_memory()
    }

    pub(crate) fn func(
        &self,
        export: Export,
        of: &Instance,
        store: impl AsContextMut,
    ) -> Option<Func> {
        let at = self.funcs[export.index()].as_ref()?;
        of.get_module_export(store, at)?.into_func()
    }
}

fn has_signature(ty: &FuncType, export: Export) -> bool {
    let all_i32 = ty.params().chain(ty.results()).all(|ty| ty.is_i32());
    ty.params().len() == export.params()
        && ty.results().len() == usize::from(export.returns())
        && all_i32
}
