//! The driver against an engine that returns anything at all: it never panics, and what it accepts is within bounds.

use std::{sync::Arc, time::Duration};

use guest_abi::{DType, StatePair, TensorInfo, slot};
use proptest::prelude::*;

use crate::{
    AccessError, Budget, Export, Guest, Instance, Limits, Module, OpenError, Signature, State,
    Tensor, TensorRef, Trap, region,
};

/// What a hostile guest does, drawn anew for each case.
#[derive(Debug, Clone)]
struct Script {
    abi: i32,
    /// Answers to `weir_buffer`; a sound one where there is none.
    addresses: Vec<Option<i32>>,
    /// The answer to `load_model` and `weir_open`.
    opening: i32,
    /// The address of the words.
    words: i32,
    /// Answers to `predict`, in turn, for ever.
    answers: Vec<i32>,
    /// Words that `predict` writes over the outputs' descriptors: (offset, word).
    writes: Vec<(u32, u32)>,
    /// Sizes of the memory, in turn: a sound engine never shrinks it, a broken one may.
    sizes: Vec<usize>,
    /// Looks at the memory after which the guest is gone.
    looks_max: usize,
    exports: u8,
}

impl Script {
    fn model(&self) -> Option<&'static [u8]> {
        let loads = self.exports & (1 << Export::LoadModel.index()) != 0;
        loads.then_some(b"model")
    }
}

struct Hostile {
    script: Script,
    memory: Vec<u8>,
    next_address: i32,
    buffers: usize,
    calls: usize,
    looks: usize,
}

impl Module for Script {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap> {
        Ok(Box::new(Hostile {
            script: self.clone(),
            memory: vec![0x5a; 1 << 20],
            next_address: 4096,
            buffers: 0,
            calls: 0,
            looks: 0,
        }))
    }
}

impl Hostile {
    /// The memory, in the next of its sizes.
    fn look(&mut self) -> &mut [u8] {
        self.looks += 1;
        let size = self.script.sizes[self.looks % self.script.sizes.len()];
        &mut self.memory[..size]
    }

    fn still_there(&self) -> Result<(), AccessError> {
        if self.looks < self.script.looks_max {
            return Ok(());
        }
        Err(AccessError::Ended(Trap::Unreachable))
    }

    fn buffer(&mut self, len: i32) -> i32 {
        self.buffers += 1;
        let sound = self.next_address;
        self.next_address += (len + 15) & !15;
        let scripted = self.script.addresses.get(self.buffers - 1);
        scripted.copied().flatten().unwrap_or(sound)
    }

    /// What a sound guest writes, then what the script writes over it.
    fn answer_outputs(&mut self, outputs: i32) {
        let sound = [(8, 8), (12, 0x101), (16, 2), (56, 16), (60, 0x101), (64, 4)];
        let sound = sound
            .into_iter()
            .chain([(104, 8), (108, 0x201), (112, 2), (116, 1)]);
        for (offset, word) in sound.chain(self.script.writes.clone()) {
            let at = u64::from(outputs.cast_unsigned()) + u64::from(offset);
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            if let Some(word_at) = self.memory.get_mut(at..at.saturating_add(4)) {
                word_at.copy_from_slice(&word.to_le_bytes());
            }
        }
    }
}

impl Instance for Hostile {
    fn has(&self, export: Export) -> bool {
        export.required() || self.script.exports & (1 << export.index()) != 0
    }

    fn call(&mut self, export: Export, args: &[i32], _budget: Budget) -> Result<i32, Trap> {
        self.calls += 1;
        match export {
            Export::Abi => Ok(self.script.abi),
            Export::Buffer => Ok(self.buffer(args[1])),
            Export::Predict => {
                self.answer_outputs(args[2]);
                Ok(self.script.answers[self.calls % self.script.answers.len()])
            }
            Export::LoadModel | Export::Open => Ok(self.script.opening),
            Export::Error | Export::Initialize => Ok(self.script.words),
        }
    }

    fn memory_bytes(&mut self) -> u64 {
        u64::try_from(self.look().len()).expect("small")
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), AccessError> {
        into.copy_from_slice(region(self.look(), address, into.len())?);
        self.still_there()
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), AccessError> {
        region(self.look(), address, bytes.len())?.copy_from_slice(bytes);
        self.still_there()
    }

    fn take_log(&mut self) -> Vec<(u8, String)> {
        Vec::new()
    }
}

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
    (abi, addresses, returned, memory, any::<u8>()).prop_map(
        |(abi, addresses, (opening, words, answers), (writes, sizes, looks_max), exports)| Script {
            abi,
            addresses,
            opening,
            words,
            answers,
            writes,
            sizes,
            looks_max,
            exports,
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
