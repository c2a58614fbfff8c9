use wasmtime::{Config, WasmFeatures};
use weir_engine::Limits;

/// What a Wasmtime engine is configured with; guests whose limits agree in it share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setup {
    simd: bool,
    pub(crate) metered: bool,
    stack_bytes_max: usize,
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

impl Setup {
    pub(crate) fn of(limits: &Limits) -> Self {
        Self {
            simd: limits.simd,
            metered: limits.fuel_max.is_some(),
            stack_bytes_max: limits.stack_bytes_max,
        }
    }

    pub(crate) fn engine(self) -> wasmtime::Result<wasmtime::Engine> {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .consume_fuel(self.metered)
            .max_wasm_stack(self.stack_bytes_max)
            // Of stacks that this build does not have; Wasmtime wants it to be no smaller all the same.
            .async_stack_size(self.stack_bytes_max)
            .wasm_features(REFUSED, false)
            .wasm_simd(self.simd)
            .memory_init_cow(true)
            .wasm_backtrace_max_frames(None)
            .generate_address_map(false)
            .native_unwind_info(false);
        wasmtime::Engine::new(&config)
    }
}
