use guest_abi::export;
use wasmparser::{
    FuncType, Parser, Payload, ValType, Validator, WasmFeatures,
    types::{EntityType, TypesRef},
};
use weir_engine::{Export, Import, Limits, Trap};

/// What wasm3 runs of what a class may allow: WebAssembly 2.0 without SIMD.
const GRANTED: WasmFeatures = WasmFeatures::WASM2
    .difference(WasmFeatures::SIMD)
    .union(WasmFeatures::EXTENDED_CONST);
/// A page of WebAssembly memory.
pub(crate) const PAGE_BYTES: u64 = 65_536;

/// What a valid module has and asks for.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// The exports that the host may call, with the ABI's signatures.
    pub(crate) exports: [bool; Export::ALL.len()],
    memory_pages: u64,
    tables: u32,
    table_elements: u64,
}

impl Shape {
    /// Validates a module for wasm3; the error is the reason why it is refused.
    pub(crate) fn of(wasm: &[u8]) -> Result<Self, String> {
        let validated = Validator::new_with_features(GRANTED).validate_all(wasm);
        let types = validated.map_err(|cause| refusal(&cause))?;
        let types = types.as_ref();
        check_start(wasm)?;
        check_imports(types)?;
        let Some(EntityType::Memory(memory)) = exported(types, export::MEMORY) else {
            return Err("it exports no memory".to_owned());
        };
        let tables = types.table_count();
        let elements = (0..tables).map(|table| types.table_at(table).initial);
        Ok(Self {
            exports: Export::ALL.map(|export| has_signature(types, export)),
            memory_pages: memory.initial,
            tables,
            table_elements: elements.max().unwrap_or(0),
        })
    }

    /// What it starts with must be within the limits, as under the other engines.
    pub(crate) fn check_sizes(&self, limits: &Limits) -> Result<(), Trap> {
        let limit_bytes = limits.memory_bytes_max;
        if self.memory_pages.saturating_mul(PAGE_BYTES) > limit_bytes {
            return Err(Trap::MemoryLimit { limit_bytes });
        }
        let limit_elements = limits.table_elements_max;
        if self.tables > 1 || self.table_elements > u64::from(limit_elements) {
            return Err(Trap::TableLimit { limit_elements });
        }
        Ok(())
    }
}

/// A missing feature by its name, else the validator's words.
fn refusal(cause: &wasmparser::Error) -> String {
    let Some(missing) = cause.missing_wasm_feature() else {
        return cause.to_string();
    };
    let names: Vec<&str> = missing.iter_names().map(|(name, _)| name).collect();
    format!("wasm3 runs no {} ({cause})", names.join(", "))
}

/// A start function would run before any deadline.
fn check_start(wasm: &[u8]) -> Result<(), String> {
    let starts = |payload: &Payload<'_>| matches!(payload, Payload::StartSection { .. });
    let mut payloads = Parser::new(0).parse_all(wasm).flatten();
    if payloads.any(|payload| starts(&payload)) {
        return Err("it has a start function".to_owned());
    }
    Ok(())
}

fn check_imports(types: TypesRef<'_>) -> Result<(), String> {
    for (from, name, entity) in types.core_imports().into_iter().flatten() {
        match Import::granted(from, name, true)? {
            Import::Log => {}
            Import::Nn(_) => {
                return Err(format!(
                    "it imports {from}.{name}: wasm3 offers no nn backend, engine wasmi and engine wasmtime do"
                ));
            }
        }
        let log = [ValType::I32; 3];
        let fits = |ty: &FuncType| ty.params() == log && ty.results().is_empty();
        if !function(types, entity).is_some_and(fits) {
            return Err(format!("it imports {from}.{name} with another signature"));
        }
    }
    Ok(())
}

fn has_signature(types: TypesRef<'_>, export: Export) -> bool {
    let found = exported(types, export.name()).and_then(|entity| function(types, entity));
    let all_i32 = |types: &[ValType], count| types.len() == count && types.iter().all(is_i32);
    found.is_some_and(|ty| {
        all_i32(ty.params(), export.params())
            && all_i32(ty.results(), usize::from(export.returns()))
    })
}

fn is_i32(ty: &ValType) -> bool {
    *ty == ValType::I32
}

fn exported(types: TypesRef<'_>, name: &str) -> Option<EntityType> {
    let mut exports = types.core_exports()?;
    exports.find_map(|(known, entity)| (known == name).then_some(entity))
}

fn function<'t>(types: TypesRef<'t>, entity: EntityType) -> Option<&'t FuncType> {
    match entity {
        EntityType::Func(id) | EntityType::FuncExact(id) => Some(types.get(id)?.unwrap_func()),
        EntityType::Table(_)
        | EntityType::Memory(_)
        | EntityType::Global(_)
        | EntityType::Tag(_) => None,
    }
}
