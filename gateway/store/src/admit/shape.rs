use guest_abi::{export, import};
use wasmparser::{
    FuncType, ValType,
    types::{EntityType, TypesRef},
};
use weir_engine::{Export, Import};
use weir_profile::{Class, GuestName, NnBackend, Profile};

use super::{AdmitError, Caps, caps::Things, segments::Places};

/// Bytes of a page of memory.
const PAGE_BYTES: u64 = 64 * 1024;

/// Checks imports, exports, memory and tables of a valid module.
pub(super) fn check(
    guest: &GuestName,
    types: TypesRef<'_>,
    profile: &Profile,
    caps: &Caps,
) -> Result<(), AdmitError> {
    imports(guest, types, profile)?;
    exports(guest, types)?;
    memory(guest, types, profile)?;
    tables(guest, types, profile, caps)
}

fn imports(guest: &GuestName, types: TypesRef<'_>, profile: &Profile) -> Result<(), AdmitError> {
    for (module, name, entity) in types.core_imports().into_iter().flatten() {
        let short = |text: &str| text.chars().take(80).collect::<String>();
        let guest = guest.clone();
        if module == import::NN && profile.nn_backend == NnBackend::None {
            return Err(AdmitError::NnNotGranted {
                guest,
                module: import::NN,
                name: short(name),
                profile: profile.name.clone(),
            });
        }
        if matches!(entity, EntityType::Memory(_)) {
            return Err(AdmitError::Memory { guest });
        }
        let Some(offered) = Import::named(module, name) else {
            return Err(AdmitError::Import {
                guest,
                module: short(module),
                name: short(name),
            });
        };
        let params = vec![ValType::I32; offered.params()];
        let results = vec![ValType::I32; usize::from(offered.returns())];
        let fits = |ty: &FuncType| ty.params() == params && ty.results() == results;
        if !function(types, entity).is_some_and(fits) {
            return Err(AdmitError::ImportType {
                guest,
                import: short(name),
                expected: signature(&params, &results),
                found: words(types, entity),
            });
        }
    }
    Ok(())
}

fn exports(guest: &GuestName, types: TypesRef<'_>) -> Result<(), AdmitError> {
    for export in Export::ALL {
        let Some(entity) = exported(types, export.name()) else {
            if export.required() {
                return Err(AdmitError::ExportMissing {
                    guest: guest.clone(),
                    export: export.name(),
                });
            }
            continue;
        };
        let params = vec![ValType::I32; export.params()];
        let results = vec![ValType::I32; usize::from(export.returns())];
        let fits = |ty: &FuncType| ty.params() == params && ty.results() == results;
        if !function(types, entity).is_some_and(fits) {
            return Err(AdmitError::ExportType {
                guest: guest.clone(),
                export: export.name(),
                expected: signature(&params, &results),
                found: words(types, entity),
            });
        }
    }
    Ok(())
}

fn memory(guest: &GuestName, types: TypesRef<'_>, profile: &Profile) -> Result<(), AdmitError> {
    let guest = guest.clone();
    let Some(EntityType::Memory(memory)) = exported(types, export::MEMORY) else {
        return Err(AdmitError::Memory { guest });
    };
    if types.memory_count() != 1 {
        return Err(AdmitError::Memory { guest });
    }
    let microcontroller = profile.class == Class::Microcontroller;
    let asked_pages = match memory.maximum {
        None if microcontroller => {
            let class = profile.class;
            return Err(AdmitError::MemoryUnbounded { guest, class });
        }
        // What a larger class does not use it need not have: its engine holds the guest to the limit.
        Some(maximum) if microcontroller => maximum,
        Some(_) | None => memory.initial,
    };
    let asked_kib = asked_pages.saturating_mul(64);
    let allowed_kib = profile.limits.memory_bytes_max / 1024;
    if asked_kib > allowed_kib {
        return Err(AdmitError::MemoryTooLarge {
            guest,
            asked_kib,
            allowed_kib,
            profile: profile.name.clone(),
        });
    }
    Ok(())
}

fn tables(
    guest: &GuestName,
    types: TypesRef<'_>,
    profile: &Profile,
    caps: &Caps,
) -> Result<(), AdmitError> {
    let tables = types.table_count();
    caps.check(guest, Things::Tables, tables.into())?;
    let elements = (0..tables).map(|index| types.table_at(index).initial).max();
    let elements_max = profile.limits.table_elements_max;
    match elements.filter(|elements| *elements > elements_max.into()) {
        Some(elements) => Err(AdmitError::TableTooLarge {
            guest: guest.clone(),
            elements,
            elements_max,
            profile: profile.name.clone(),
        }),
        None => Ok(()),
    }
}

/// The memory and tables as they are when the guest starts.
pub(super) fn places(types: TypesRef<'_>) -> Places {
    let tables = 0..types.table_count();
    Places {
        memory_bytes: match exported(types, export::MEMORY) {
            Some(EntityType::Memory(memory)) => memory.initial.saturating_mul(PAGE_BYTES),
            _ => 0,
        },
        table_elements: tables.map(|index| types.table_at(index).initial).collect(),
    }
}

/// What a module exports under a name.
pub(super) fn exported(types: TypesRef<'_>, name: &str) -> Option<EntityType> {
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

fn words(types: TypesRef<'_>, entity: EntityType) -> String {
    match function(types, entity) {
        Some(ty) => signature(ty.params(), ty.results()),
        None => "something that is not a function".to_owned(),
    }
}

fn signature(params: &[ValType], results: &[ValType]) -> String {
    let list = |types: &[ValType]| {
        let names: Vec<String> = types.iter().take(16).map(ToString::to_string).collect();
        names.join(", ")
    };
    match results {
        [] => format!("({}) -> ()", list(params)),
        results => format!("({}) -> {}", list(params), list(results)),
    }
}
