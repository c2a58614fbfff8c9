use std::{sync::Arc, time::Instant};

use guest_abi::export;
use wasmtime::{
    Caller, Extern, Func, Global, InstancePre, Memory, Store, StoreLimits, StoreLimitsBuilder,
    UpdateDeadline, Val,
};
use weir_engine::{AccessError, Budget, Export, GuestLog, Instance, Limits, NnHost, Trap, region};

use crate::{exports::Exports, profiling::Sampler, ticker::Ticker, trap};

/// Tables keep the size that they start with, as under wasmi: a guest behaves alike on both.
const NO_TABLE_GROWS: usize = 0;

/// A page of WebAssembly memory.
const PAGE_BYTES: u64 = 65_536;

/// What the host keeps for one instance.
pub(crate) struct Host {
    log: GuestLog,
    limits: StoreLimits,
    /// When the running call ends.
    pub(crate) ends: Instant,
    pub(crate) nn: Option<Box<dyn NnHost>>,
}

/// One instance of a guest under Wasmtime.
pub(crate) struct WasmtimeInstance {
    store: Store<Host>,
    instance: wasmtime::Instance,
    memory: Memory,
    exports: [Option<Func>; Export::ALL.len()],
    ticker: Arc<Ticker>,
    metered: bool,
}

impl WasmtimeInstance {
    pub(crate) fn new(
        ready: &InstancePre<Host>,
        exports: &Exports,
        limits: &Limits,
        ticker: Arc<Ticker>,
    ) -> Result<Self, Trap> {
        check_sizes(ready, limits)?;
        let mut store = Store::new(ready.module().engine(), Host::new(limits));
        store.limiter(|host| &mut host.limits);
        store.epoch_deadline_callback(|context| Ok(context.data().update()));
        let other = |error: wasmtime::Error| Trap::Other(format!("{error:#}"));
        let instance = ready.instantiate(&mut store).map_err(other)?;
        store.data_mut().limits = store_limits(limits, NO_TABLE_GROWS);
        let memory = exports
            .memory(&instance, &mut store)
            .ok_or_else(|| Trap::Other("it exports no memory".to_owned()))?;
        let exports = Export::ALL.map(|export| exports.func(export, &instance, &mut store));
        Ok(Self {
            store,
            instance,
            memory,
            exports,
            ticker,
            metered: limits.fuel_max.is_some(),
        })
    }

    /// Exported globals whose names begin with this.
    pub(crate) fn globals(&mut self, beginning: &str) -> Vec<(String, Val)> {
        let found = self.instance.exports(&mut self.store);
        let globals: Vec<(String, Global)> = found
            .filter(|export| export.name().starts_with(beginning))
            .filter_map(|export| Some((export.name().to_owned(), export.into_global()?)))
            .collect();
        let value = |(name, global): (String, Global)| (name, global.get(&mut self.store));
        globals.into_iter().map(value).collect()
    }

    /// All of its memory.
    pub(crate) fn memory(&self) -> &[u8] {
        self.memory.data(&self.store)
    }

    /// Has it looked up where it is, whenever it looks at its deadline.
    pub(crate) fn sampled_by(&mut self, sampler: Arc<Sampler>) {
        self.store.epoch_deadline_callback(move |context| {
            sampler.sample(&context);
            Ok(context.data().update())
        });
    }

    /// Gives it an nn backend.
    pub(crate) fn equip(&mut self, nn: Box<dyn NnHost>) {
        self.store.data_mut().nn = Some(nn);
    }
}

impl Instance for WasmtimeInstance {
    fn has(&self, export: Export) -> bool {
        self.exports[export.index()].is_some()
    }

    fn call(&mut self, export: Export, args: &[i32], budget: Budget) -> Result<i32, Trap> {
        let missing = || Trap::Other(format!("it exports no {}", export.name()));
        let func = self.exports[export.index()].ok_or_else(missing)?;
        let args: [Val; 4] = std::array::from_fn(|at| Val::I32(args.get(at).copied().unwrap_or(0)));
        let mut results = [Val::I32(0)];
        let results = &mut results[..usize::from(export.returns())];
        let failed = |error: wasmtime::Error| trap::of(&error, budget);
        if self.metered {
            let fuel = budget.fuel.unwrap_or(u64::MAX);
            self.store.set_fuel(fuel).map_err(failed)?;
        }
        self.store.data_mut().ends = Instant::now() + budget.deadline;
        self.store.set_epoch_deadline(1);
        let running = self.ticker.running();
        let called = func.call(&mut self.store, &args[..export.params()], results);
        drop(running);
        called.map_err(failed)?;
        Ok(results.first().and_then(Val::i32).unwrap_or(0))
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
    fn new(limits: &Limits) -> Self {
        let table_elements = usize::try_from(limits.table_elements_max).unwrap_or(usize::MAX);
        Self {
            log: GuestLog::default(),
            limits: store_limits(limits, table_elements),
            ends: Instant::now(),
            nn: None,
        }
    }

    fn update(&self) -> UpdateDeadline {
        if Instant::now() < self.ends {
            UpdateDeadline::Continue(1)
        } else {
            UpdateDeadline::Interrupt
        }
    }

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

/// Wasmtime's own refusals are words only: what can be known beforehand is checked here.
fn check_sizes(ready: &InstancePre<Host>, limits: &Limits) -> Result<(), Trap> {
    let needs = ready.module().resources_required();
    let pages = needs.max_initial_memory_size.unwrap_or(0);
    if pages.saturating_mul(PAGE_BYTES) > limits.memory_bytes_max {
        let limit_bytes = limits.memory_bytes_max;
        return Err(Trap::MemoryLimit { limit_bytes });
    }
    let elements = needs.max_initial_table_size.unwrap_or(0);
    let limit_elements = limits.table_elements_max;
    if elements > u64::from(limit_elements) || needs.num_tables > 1 {
        return Err(Trap::TableLimit { limit_elements });
    }
    Ok(())
}
