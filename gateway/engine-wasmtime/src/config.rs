use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    RegallocAlgorithm, WasmFeatures,
};
use weir_engine::Limits;

use crate::{addresses::Addresses, capacity::Capacity, profiling::Profiling};

/// What a Wasmtime engine is configured with; guests whose limits agree in it share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) simd: bool,
    pub(crate) metered: bool,
    /// Whether the functions' names are kept beside the code, for `perf`.
    pub(crate) symbols: bool,
    pub(crate) stack_bytes_max: usize,
    /// Addresses of a memory.
    pub(crate) addresses: Addresses,
    pub(crate) table_elements_max: usize,
}

/// Everything that Wasmtime enables by itself and that no class of ours allows.
const REFUSED: WasmFeatures = WasmFeatures::MEMORY64
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::GC)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::STACK_SWITCHING)
    .union(WasmFeatures::RELAXED_SIMD);

/// What of a memory's and a table's written pages is put back by copying instead of unmapping, when an instance ends.
/// Measured: see decision 0010.
const MEMORY_KEEP_BYTES: usize = 4 << 20;
const TABLE_KEEP_BYTES: usize = 64 * 1024;
/// Instances whose memory is unmapped in one go.
const DECOMMIT_BATCH: usize = 1;
/// Bytes of what Wasmtime keeps of an instance beside its memory: functions, globals and types. The guest `onnx` needs
/// 500 KiB.
const INSTANCE_BYTES_MAX: usize = 16 << 20;

impl Setup {
    pub(crate) fn of(limits: &Limits, capacity: Capacity, profiling: &Profiling) -> Self {
        Self {
            simd: limits.simd,
            metered: limits.fuel_max.is_some(),
            symbols: matches!(profiling, Profiling::Perf),
            stack_bytes_max: limits.stack_bytes_max,
            addresses: Addresses::of(limits.memory_bytes_max, capacity),
            table_elements_max: table_elements(limits.table_elements_max),
        }
    }

    /// Whether code that was compiled with one serves with the other: whether what else they state is no part of it.
    pub(crate) fn compiles_as(self, other: Self) -> bool {
        let Self {
            simd,
            metered,
            symbols,
            addresses,
            stack_bytes_max: _,
            table_elements_max: _,
        } = self;
        (simd, metered, symbols, addresses)
            == (other.simd, other.metered, other.symbols, other.addresses)
    }

    /// For guests that serve: their memories and tables come out of a pool for so many instances.
    pub(crate) fn pooled(
        self,
        capacity: Capacity,
        profiling: &Profiling,
    ) -> wasmtime::Result<wasmtime::Engine> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(capacity.instances_max)
            .total_memories(capacity.instances_max)
            .total_tables(capacity.instances_max)
            .max_core_instance_size(INSTANCE_BYTES_MAX)
            .max_memory_size(self.addresses.memory_bytes_max())
            .table_elements(self.table_elements_max)
            .linear_memory_keep_resident(MEMORY_KEEP_BYTES)
            .table_keep_resident(TABLE_KEEP_BYTES)
            .decommit_batch_size(DECOMMIT_BATCH)
            .pagemap_scan(Enabled::Auto);
        let mut config = self.config();
        config
            .profiler(profiling.strategy())
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        wasmtime::Engine::new(&config)
    }

    /// The same without a pool: each instance is given its addresses by the system.
    pub(crate) fn unpooled(self, profiling: &Profiling) -> wasmtime::Result<wasmtime::Engine> {
        let mut config = self.config();
        config.profiler(profiling.strategy());
        wasmtime::Engine::new(&config)
    }

    /// To run a guest once: compiled as quickly as possible, not metered.
    pub(crate) fn loader(self) -> wasmtime::Result<wasmtime::Engine> {
        let unmetered = Self {
            metered: false,
            ..self
        };
        let mut config = unmetered.config();
        config
            .cranelift_opt_level(OptLevel::None)
            .cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
        wasmtime::Engine::new(&config)
    }

    pub(crate) fn config(self) -> Config {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .consume_fuel(self.metered)
            .debug_symbols(self.symbols)
            .max_wasm_stack(self.stack_bytes_max)
            // Of stacks that this build does not have; Wasmtime wants it to be no smaller all the same.
            .async_stack_size(self.stack_bytes_max)
            .wasm_features(REFUSED, false)
            .wasm_simd(self.simd)
            .memory_init_cow(true)
            .memory_reservation(self.addresses.reservation_bytes())
            .memory_guard_size(self.addresses.guard_bytes())
            .memory_may_move(false)
            .wasm_backtrace_max_frames(None)
            .generate_address_map(false)
            .native_unwind_info(false);
        config
    }
}

/// A power of two: profiles that differ a little share a pool.
fn table_elements(elements_max: u32) -> usize {
    let rounded = elements_max.max(1024).checked_next_power_of_two();
    usize::try_from(rounded.unwrap_or(u32::MAX)).unwrap_or(usize::MAX)
}
