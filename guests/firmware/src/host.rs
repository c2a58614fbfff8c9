//! wasmi as the gateway sets it, with the limits of a chip.

use guest_abi::{export, import};
use wasmi::{
    Caller, CompilationMode, Config, CustomFuelCosts, Engine, Extern, Linker, StoreLimits,
    StoreLimitsBuilder,
};

use crate::say;

/// The interpreter's own stack for the guest's locals and operands, on the heap: it starts small and grows as calls
/// nest, up to `stack_kib_max` of the device profile.
const VALUE_STACK_BYTES_MAX: usize = 32 * 1024;
const VALUE_STACK_BYTES: usize = 1000;
/// Calls that nest: as the gateway reckons it from the same limit.
const DEPTH_MAX: usize = VALUE_STACK_BYTES_MAX / 64;
/// As `table_elements_max` of the device profile.
const TABLE_ELEMENTS_MAX: usize = 256;
/// What a line of the guest's log may have.
const LOG_BYTES_MAX: usize = 120;

/// As the gateway's: translation costs nothing, so that a guest's first call has the price of every other.
const FUEL_COSTS: CustomFuelCosts = CustomFuelCosts {
    bytes_copied_per_fuel: 64,
    fuel_per_bytes_translated: 0,
    fuel_per_bytes_validated: 0,
};

/// What the host keeps for the guest.
pub(crate) struct Host {
    pub(crate) limits: StoreLimits,
}

impl Host {
    pub(crate) fn new(memory_bytes_max: u32) -> Self {
        let limits = StoreLimitsBuilder::new()
            .memory_size(usize::try_from(memory_bytes_max).unwrap_or(usize::MAX))
            .table_elements(TABLE_ELEMENTS_MAX)
            .instances(1)
            .memories(1)
            .tables(1)
            .build();
        Self { limits }
    }

    /// `weir_host.log`: a line beginning with `log`. Bytes outside of the guest's memory are no line.
    fn log(caller: Caller<'_, Self>, level: i32, address: i32, len: i32) {
        let Some(Extern::Memory(memory)) = caller.get_export(export::MEMORY) else {
            return;
        };
        let range = || {
            let start = usize::try_from(address.cast_unsigned()).ok()?;
            let len = usize::try_from(len.cast_unsigned())
                .ok()?
                .min(LOG_BYTES_MAX);
            memory.data(&caller).get(start..start.checked_add(len)?)
        };
        if let Some(bytes) = range() {
            say::say!("log {level} {}", bytes.escape_ascii());
        }
    }
}

/// Each function is translated when it is first called: what a guest never runs takes no RAM.
pub(crate) fn engine() -> Engine {
    let mut config = Config::default();
    config
        .set_min_stack_height(VALUE_STACK_BYTES)
        .set_max_stack_height(VALUE_STACK_BYTES_MAX)
        .set_max_recursion_depth(DEPTH_MAX)
        .set_max_cached_stacks(1)
        .allow_start_fn(false)
        .ignore_custom_sections(true)
        .compilation_mode(CompilationMode::LazyTranslation)
        .consume_fuel(true)
        .fuel_cost(FUEL_COSTS)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false);
    Engine::new(&config)
}

pub(crate) fn linker(engine: &Engine) -> Result<Linker<Host>, wasmi::Error> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(import::HOST, import::LOG, Host::log)?;
    Ok(linker)
}
