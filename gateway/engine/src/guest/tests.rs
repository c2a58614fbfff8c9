//! The driver against an engine that returns anything at all: it never panics, and what it accepts is within bounds.

mod script;

use std::{sync::Arc, time::Duration};

use guest_abi::{DType, StatePair, TensorInfo, slot};
use proptest::prelude::*;

use self::script::Script;
use crate::{Export, Guest, Limits, Module, OpenError, Signature, Start, State, Tensor, TensorRef};

fn limits() -> Limits {
    Limits {
        memory_bytes_max: 1 << 20,
        table_elements_max: 0,
        stack_bytes_max: 0,
        call_deadline: Duration::from_secs(60),
        load_deadline: Duration::from_secs(60),
        fuel_max: None,
        output_bytes_max: 8192,
        input_bytes_max: 8192,
        model_bytes_max: 8192,
        simd: false,
    }
}

fn tensor(name: &str, dims: &[i32], len_max: u32) -> TensorInfo {
    TensorInfo {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: dims.to_vec(),
        len_max,
    }
}

fn signature() -> Arc<Signature> {
    let pair = StatePair {
        output: "kept_next".to_owned(),
        input: "kept".to_owned(),
        initial: Vec::new(),
    };
    let inputs = vec![tensor("x", &[-1, 2], 4096), tensor("kept", &[4], 16)];
    let outputs = vec![
        tensor("y", &[-1], 4096),
        tensor("kept_next", &[4], 16),
        tensor("z", &[2, -1], 8192),
    ];
    Arc::new(Signature::new(inputs, outputs, vec![pair]).expect("sound"))
}

/// Words at which a descriptor or a bound might break.
fn word() -> impl Strategy<Value = u32> {
    let edges = prop::sample::select(vec![
        0,
        1,
        2,
        4,
        8,
        15,
        16,
        32,
        1024,
        1025,
        4096,
        4112,
        8192,
        0x201,
        0x0001_0001,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fff0,
        0xffff_ffff,
    ]);
    prop_oneof![4 => edges, 1 => any::<u32>()]
}

fn answer() -> impl Strategy<Value = i32> {
    prop_oneof![3 => Just(0), 3 => Just(-2), 1 => -7..8, 1 => word().prop_map(u32::cast_signed)]
}

fn script() -> impl Strategy<Value = Script> {
    let sizes = prop_oneof![
        4 => Just(vec![1_usize << 20]),
        1 => prop::collection::vec(0..=1_usize << 20, 1..6),
    ];
    let address = prop_oneof![4 => Just(None), 1 => word().prop_map(|at| Some(at.cast_signed()))];
    let addresses = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(address, 0..12)];
    let abi = prop_oneof![9 => Just(guest_abi::abi_version()), 1 => any::<i32>()];
    let opening = prop_oneof![9 => Just(0), 1 => answer()];
    let words = word().prop_map(u32::cast_signed);
    let writes = prop::collection::vec(((0..36_u32).prop_map(|word| word * 4), word()), 0..6);
    let answers = prop::collection::vec(answer(), 1..5);
    let returned = (opening, words, answers);
    let looks_max = prop_oneof![3 => Just(usize::MAX), 1 => 0..40_usize];
    let memory = (writes, sizes, looks_max);
    let start = prop::sample::select(vec![Start::Cold, Start::Snapshot]);
    let module = (any::<u8>(), start);
    (abi, addresses, returned, memory, module).prop_map(
        |(
            abi,
            addresses,
            (opening, words, answers),
            (writes, sizes, looks_max),
            (exports, start),
        )| Script {
            abi,
            addresses,
            opening,
            words,
            answers,
            writes,
            sizes,
            looks_max,
            exports,
            start,
        },
    )
}

fn within_bounds(outputs: &[Tensor]) {
    assert_eq!(outputs.len(), 2);
    let bytes: usize = outputs.iter().map(|output| output.data.len()).sum();
    assert!(bytes <= 8192);
    for output in outputs {
        let elements: u32 = output.dims.iter().product();
        assert_eq!(
            usize::try_from(elements).expect("small") * 4,
            output.data.len()
        );
        assert_eq!(output.dtype, DType::F32);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn nothing_that_a_guest_returns_breaks_the_driver(script in script(), rows in 0..40_u32) {
        let signature = signature();
        let opened = Guest::open(&script, Arc::clone(&signature), script.model(), &limits());
        let Ok(mut guest) = opened else { return Ok(()) };
        let data = vec![1; usize::try_from(rows).expect("few") * 8];
        let dims = [rows, 2];
        let input = TensorRef { dtype: DType::F32, dims: &dims, data: &data };
        let mut state = State::initial(&signature);
        let mut outputs = Vec::new();
        for _ in 0..3 {
            let before = state.clone();
            match guest.predict(&[input], Some(&mut state), &mut outputs) {
                Ok(()) => within_bounds(&outputs),
                Err(error) => {
                    prop_assert!(!error.code().is_empty());
                    prop_assert_eq!(&state, &before);
                }
            }
            prop_assert!(state.fits(&signature));
        }
    }
}

/// A script that keeps to the ABI, for the exact cases below.
fn sound() -> Script {
    Script {
        abi: guest_abi::abi_version(),
        addresses: Vec::new(),
        opening: 0,
        words: 0,
        answers: vec![0],
        writes: Vec::new(),
        sizes: vec![1 << 20],
        looks_max: usize::MAX,
        exports: 0,
        start: Start::Cold,
    }
}

#[test]
fn a_refused_buffer_names_its_slot() {
    let script = Script {
        addresses: vec![Some(4096), Some(0)],
        ..sound()
    };
    let error = Guest::open(&script, signature(), None, &limits()).expect_err("refused");
    let slot = slot::TENSORS;
    assert_eq!(error, OpenError::BufferRefused { slot, bytes: 1024 });
}

#[test]
fn a_deadline_of_nothing_ends_before_the_guest_runs() {
    let limits = Limits {
        load_deadline: Duration::ZERO,
        ..limits()
    };
    let error = Guest::open(&sound(), signature(), None, &limits).expect_err("no time");
    assert_eq!(error.code(), "guest_deadline");
}

#[test]
fn a_snapshot_is_not_prepared_again() {
    let refuses_the_model = Script {
        opening: guest_abi::code::MODEL_CORRUPT,
        exports: 1 << Export::LoadModel.index(),
        ..sound()
    };
    let model = refuses_the_model.model();
    let corrupt = Err(OpenError::ModelCorrupt {
        words: String::new(),
    });
    let mut instance = refuses_the_model.instantiate().expect("a script");
    assert_eq!(Guest::prepare(instance.as_mut(), model, &limits()), corrupt);
    let cold = Guest::open(&refuses_the_model, signature(), model, &limits());
    assert_eq!(cold.map(drop), corrupt);
    let snapshot = Script {
        start: Start::Snapshot,
        ..refuses_the_model
    };
    Guest::open(&snapshot, signature(), model, &limits()).expect("its model is loaded already");
}
