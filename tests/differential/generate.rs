//! From a seed to a module.

use arbitrary::Unstructured;
use fastrand::Rng;
use wasm_smith::{Config, Module};

use crate::wrap;

/// Function entries and turns of loops that a call of `predict` may spend before it traps.
const FUEL: u32 = 500;

const PAGE_BYTES: u64 = 65_536;
/// The microcontroller class's memory.
pub(crate) const MEMORY_BYTES_MAX: u64 = 4 * PAGE_BYTES;
const TABLE_ELEMENTS_MAX: u64 = 64;

/// A module that was made, and how many functions its `predict` chooses from.
#[derive(Debug)]
pub(crate) struct Generated {
    pub(crate) wasm: Vec<u8>,
    pub(crate) functions: u32,
}

/// The module of a seed: exports `memory` and `predict`, ends by itself, needs nothing from outside.
pub(crate) fn module(seed: u64) -> Generated {
    let mut random = Rng::with_seed(seed);
    let mut bytes = vec![0; random.usize(256..8192)];
    random.fill(&mut bytes);
    let config = config(&mut random);
    let mut module = Module::new(config, &mut Unstructured::new(&bytes))
        .unwrap_or_else(|error| panic!("seed {seed} makes no module: {error}"));
    let fuel_global = module
        .ensure_termination(FUEL)
        .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    wrap::with_predict(&module.to_bytes(), fuel_global, FUEL)
}

/// Half of the modules avoid traps and run far; the others trap where they like.
fn config(random: &mut Rng) -> Config {
    Config {
        disallow_traps: random.bool(),
        max_instructions: random.usize(20..300),
        max_funcs: random.usize(1..10),
        max_types: random.usize(2..10),
        max_globals: random.usize(0..10),
        max_data_segments: random.usize(0..4),
        max_element_segments: random.usize(0..4),
        min_uleb_size: random.u8(1..=5),
        table_max_size_required: random.bool(),
        ..class()
    }
}

/// What the microcontroller class allows: WebAssembly 1.0, sign extension, conversions that saturate.
fn class() -> Config {
    Config {
        allow_start_export: false,
        bulk_memory_enabled: false,
        canonicalize_nans: true,
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        max_imports: 0,
        max_memory32_bytes: MEMORY_BYTES_MAX,
        max_memories: 1,
        max_table_elements: TABLE_ELEMENTS_MAX,
        max_tables: 1,
        max_tags: 0,
        memory64_enabled: false,
        memory_max_size_required: true,
        min_funcs: 1,
        min_memories: 1,
        min_types: 1,
        multi_value_enabled: false,
        reference_types_enabled: false,
        relaxed_simd_enabled: false,
        saturating_float_to_int_enabled: true,
        sign_extension_ops_enabled: true,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use wasmparser::{Validator, WasmFeatures};

    use super::*;

    #[test]
    fn modules_are_of_the_microcontroller_class() {
        let class = WasmFeatures::WASM1
            | WasmFeatures::SIGN_EXTENSION
            | WasmFeatures::SATURATING_FLOAT_TO_INT;
        for seed in 0..500 {
            let valid = Validator::new_with_features(class).validate_all(&module(seed).wasm);
            assert!(valid.is_ok(), "seed {seed}: {:?}", valid.err());
        }
    }

    #[test]
    fn a_seed_is_one_module() {
        assert_eq!(module(7).wasm, module(7).wasm);
        assert_ne!(module(7).wasm, module(8).wasm);
    }
}
