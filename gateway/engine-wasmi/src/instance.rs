use std::time::Instant;

use guest_abi::export;
use wasmi::{
    Caller, Extern, Func, Linker, Memory, Store, StoreLimits, StoreLimitsBuilder, ValType,
    errors::{ErrorKind, InstantiationError},
};
use weir_engine::{AccessError, Budget, Export, GuestLog, Instance, Limits, NnHost, Trap, region};

use crate::{probe, slices, trap};

/// Tables keep the size that they start with. wasmi 2.0.0 does not save the place of a `table.grow` that runs out
/// of fuel, so that resuming it would run other code of the function again; refused growth never gets there.
const NO_TABLE_GROWS: usize = 0;

/// What the host keeps for one instance.
pub(crate) struct Host {
    log: GuestLog,
    limits: StoreLimits,
    /// When the running call ends.
    pub(crate) ends: Instant,
    pub(crate) nn: Option<Box<dyn NnHost>>,
}

/// One instance of a guest under wasmi.
pub(crate) struct WasmiInstance {
    store: Store<Host>,
    memory: Memory,
    exports: [Option<Func>; Export::ALL.len()],
    pub(crate) slice: u64,
}

impl WasmiInstance {
    pub(crate) fn new(
        linker: &Linker<Host>,
        module: &wasmi::Module,
        limits: &Limits,
    ) -> Result<Self, Trap> {
        let table_elements = usize::try_from(limits.table_elements_max).unwrap_or(usize::MAX);
        let host = Host {
            log: GuestLog::default(),
            limits: store_limits(limits, table_elements),
            ends: Instant::now(),
            nn: None,
        };
        let mut store = Store::new(module.engine(), host);
        store.limiter(|host| &mut host.limits);
        store.set_fuel(u64::MAX).map_err(|error| trap::of(&error))?;
        let instance = linker
            .instantiate_and_start(&mut store, module)
            .map_err(|error| refusal(&error, limits))?;
        store.data_mut().limits = store_limits(limits, NO_TABLE_GROWS);
        let memory = instance
            .get_memory(&store, export::MEMORY)
            .ok_or_else(|| Trap::Other("it exports no memory".to_owned()))?;
        let exports = Export::ALL.map(|export| {
            instance
                .get_func(&store, export.name())
                .filter(|func| has_signature(&store, func, export))
        });
        Ok(Self {
            store,
            memory,
            exports,
            slice: probe::slice(),
        })
    }

    /// Gives it an nn backend.
    pub(crate) fn equip(&mut self, nn: Box<dyn NnHost>) {
        self.store.data_mut().nn = Some(nn);
    }
}

impl Instance for WasmiInstance {
    fn has(&self, export: Export) -> bool {
        self.exports[export.index()].is_some()
    }

    fn call(&mut self, export: Export, args: &[i32], budget: Budget) -> Result<i32, Trap> {
        let missing = || Trap::Other(format!("it exports no {}", export.name()));
        let func = self.exports[export.index()].ok_or_else(missing)?;
        self.store.data_mut().ends = Instant::now() + budget.deadline;
        slices::call(
            &mut self.store,
            func,
            args,
            export.returns(),
            budget,
            self.slice,
        )
    }

    fn memory_bytes(&mut self) -> u64 {
        u64::try_from(self.memory.data_size(&self.store)).unwrap_or(u64::MAX)
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), AccessError> {
        let memory = self.memory.data_mut(&mut self.store);
        into.copy_from_slice(region(memory, address, into.len())?);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), AccessError> {
        let memory = self.memory.data_mut(&mut self.store);
        region(memory, address, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    fn take_log(&mut self) -> Vec<(u8, String)> {
        self.store.data_mut().log.take()
    }
}

impl Host {
    /// `weir_host.log`.
    pub(crate) fn log(mut caller: Caller<'_, Self>, level: i32, address: i32, len: i32) {
        if let Some(Extern::Memory(memory)) = caller.get_export(export::MEMORY) {
            let (memory, host) = memory.data_and_store_mut(&mut caller);
            host.log.push(level, memory, address, len);
        }
    }
}

fn store_limits(limits: &Limits, table_elements: usize) -> StoreLimits {
    StoreLimitsBuilder::new()
        .memory_size(usize::try_from(limits.memory_bytes_max).unwrap_or(usize::MAX))
        .table_elements(table_elements)
        .instances(1)
        .memories(1)
        .tables(1)
        .build()
}

fn has_signature(store: &Store<Host>, func: &Func, export: Export) -> bool {
    let ty = func.ty(store);
    let is_i32 = |ty: &ValType| *ty == ValType::I32;
    ty.params().len() == export.params()
        && ty.results().len() == usize::from(export.returns())
        && ty.params().iter().chain(ty.results()).all(is_i32)
}

fn refusal(error: &wasmi::Error, limits: &Limits) -> Trap {
    let ErrorKind::Instantiation(kind) = error.kind() else {
        return trap::of(error);
    };
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only two of wasmi's many refusals have a word of their own here"
    )]
    match kind {
        InstantiationError::FailedToInstantiateMemory(_) => Trap::MemoryLimit {
            limit_bytes: limits.memory_bytes_max,
        },
        InstantiationError::FailedToInstantiateTable(_) | InstantiationError::TooManyTables => {
            Trap::TableLimit {
                limit_elements: limits.table_elements_max,
            }
        }
        _ => trap::of(error),
    }
}
