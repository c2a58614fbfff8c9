use std::sync::Arc;

use wasmi::{CompilationMode, Config, CustomFuelCosts, OperatorCost};
use weir_engine::{Enforces, Engine, EngineKind, Equipment, GuestCode, Limits, LoadError, Module};

use crate::module::WasmiModule;

/// Code up to this size is translated when it is loaded; of larger code each function when it is first called,
/// which saves seconds and memory where most of it never runs.
const EAGER_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of native stack that one frame costs at least under a compiler. The interpreter has no native frames:
/// its depth is limited to what a compiled guest could reach at most on the same stack.
const FRAME_BYTES: usize = 64;
/// Twice what a slice would use if every handler kept a frame of 200 bytes. It is reserved, not touched.
const THREAD_STACK_BYTES: usize = 8 * 1024 * 1024;
/// The value stack that every call starts with (wasmi's own default).
const STACK_START_BYTES: usize = 1000;

/// The wasmi interpreter.
#[derive(Debug, Clone, Copy, Default)]
pub struct WasmiEngine;

impl WasmiEngine {
    /// The engine. It holds nothing: each loaded guest has a runtime of its own, freed together with it.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Engine for WasmiEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Wasmi
    }

    fn enforces(&self) -> Enforces {
        Enforces {
            memory: true,
            deadline: true,
            fuel: true,
            stack: true,
            simd: true,
            nn: true,
        }
    }

    /// Guests use next to none of it: it covers what the executor's handlers keep until a slice ends.
    fn thread_stack_bytes(&self, _limits: &Limits) -> usize {
        THREAD_STACK_BYTES
    }

    fn load(
        &self,
        code: &GuestCode,
        equipment: &Equipment,
        limits: &Limits,
    ) -> Result<Arc<dyn Module>, LoadError> {
        Ok(Arc::new(translate(code, equipment, limits)?))
    }
}

pub(crate) fn translate(
    code: &GuestCode,
    equipment: &Equipment,
    limits: &Limits,
) -> Result<WasmiModule, LoadError> {
    let engine = wasmi::Engine::new(&config(code, limits));
    WasmiModule::new(&engine, code, equipment.nn.clone(), limits)
}

fn config(code: &GuestCode, limits: &Limits) -> Config {
    let mode = if code.wasm.len() <= EAGER_BYTES_MAX {
        CompilationMode::Eager
    } else {
        CompilationMode::LazyTranslation
    };
    let stack = limits.stack_bytes_max.max(STACK_START_BYTES);
    let mut config = Config::default();
    config
        .set_min_stack_height(STACK_START_BYTES)
        .set_max_stack_height(stack)
        .set_max_recursion_depth(stack / FRAME_BYTES)
        .allow_start_fn(false)
        .ignore_custom_sections(true)
        .compilation_mode(mode)
        .consume_fuel(true)
        .fuel_cost(fuel_costs())
        .operator_cost(operator_cost())
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_simd(limits.simd)
        .wasm_relaxed_simd(false);
    config
}

/// `memory.grow` costs much, so that a slice has few of them: in optimised builds it is the one instruction whose
/// handler keeps a native frame until the slice ends (see [`probe`](crate::probe)).
fn operator_cost() -> OperatorCost {
    OperatorCost {
        memory_grow: u8::MAX,
        ..OperatorCost::default()
    }
}

/// Bulk operations cost by length, so that a slice bounds them; translation costs nothing, so that a guest's
/// first call has the same price as every other.
fn fuel_costs() -> CustomFuelCosts {
    CustomFuelCosts {
        bytes_copied_per_fuel: 64,
        fuel_per_bytes_translated: 0,
        fuel_per_bytes_validated: 0,
    }
}
