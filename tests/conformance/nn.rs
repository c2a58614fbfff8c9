//! Guests that have the host run a graph. An engine that offers none says so, and refuses them with words.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use guest_abi::DType;
use nn_graph::{Finish, GraphTensor, Prepare};
use weir_engine::{
    Engine, Equipment, Guest, InvokeError, Limits, LoadError, NnCall, NnHost, NnProvider, Trap,
};
use weir_nn::{Backend, Bounds, Graph, Graphs, Tract};

use crate::bench::{fixture, floats, limits, open, predict, short, signature, still_answers};

crate::on_every_engine! {
    a_graph_of_the_host_gives_what_its_card_says,
    instances_have_their_own_contexts,
    wrong_arguments_are_error_numbers,
    a_backend_that_comes_back_late_is_a_deadline,
    without_a_backend_the_imports_are_refused,
}

const INPUT_BYTES: usize = 32 * 4;
const OUTPUT_BYTES: usize = 4 * 4;

fn file(name: &str) -> Vec<u8> {
    let path = weir_tests::repository()
        .join("models/vibration-bands")
        .join(name);
    std::fs::read(path).expect("the model is in the repository")
}

fn bands() -> Arc<Graph> {
    let tensor = |name: &str, dims: &[u32]| GraphTensor {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: dims.to_vec(),
    };
    let description = nn_graph::Graph {
        name: "bands".to_owned(),
        inputs: vec![tensor("bands", &[1, 32])],
        outputs: vec![tensor("class", &[1, 4])],
        prepare: Prepare::AsIs,
        finish: Finish::AsIs,
    };
    let graph = Tract.prepare(&description, &file("model.onnx"));
    graph.expect("tract takes the model")
}

fn provider(graph: Arc<Graph>) -> Arc<dyn NnProvider> {
    let bounds = Bounds {
        contexts_max: 1,
        tensor_bytes_max: INPUT_BYTES + OUTPUT_BYTES,
    };
    Graphs::new(vec![("bands".to_owned(), graph)], bounds).provider()
}

/// The guest with this backend; none where the engine says that it offers none, and refuses it.
fn equipped(
    engine: &dyn Engine,
    name: &str,
    nn: Arc<dyn NnProvider>,
    limits: &Limits,
) -> Option<Vec<Guest>> {
    let equipment = Equipment {
        model: None,
        nn: Some(nn),
    };
    let module = match engine.load(&fixture(name), &equipment, limits) {
        Ok(module) => module,
        Err(LoadError::Rejected { reason, .. }) if !engine.enforces().nn => {
            let (offers, other) = ("offers no nn backend", "engine wasmtime");
            assert!(
                reason.contains(offers) && reason.contains(other),
                "{reason}"
            );
            return None;
        }
        Err(error) => panic!("{name}: {error}"),
    };
    assert!(
        engine.enforces().nn,
        "it offers what it says that it does not"
    );
    let ty = if name == "nn_hostile" {
        DType::I32
    } else {
        DType::F32
    };
    let guest = || Guest::open(module.as_ref(), signature(ty, 4096), None, limits);
    Some(vec![guest().expect("it opens"), guest().expect("it opens")])
}

fn a_graph_of_the_host_gives_what_its_card_says(engine: &dyn Engine) {
    let opened = equipped(engine, "nn_graph", provider(bands()), &limits());
    let Some(mut guests) = opened else { return };
    let (inputs, wanted) = (file("golden/inputs.f32"), file("golden/outputs.f32"));
    let cases = inputs
        .chunks_exact(INPUT_BYTES)
        .zip(wanted.chunks_exact(OUTPUT_BYTES));
    for (input, wanted) in cases {
        let outputs = predict(&mut guests[0], &numbers(input)).expect("it answers");
        for (found, wanted) in floats(&outputs[0]).iter().zip(numbers(wanted)) {
            assert!((found - wanted).abs() < 1e-4, "{found} for {wanted}");
        }
    }
}

fn instances_have_their_own_contexts(engine: &dyn Engine) {
    let graph = bands();
    let opened = equipped(engine, "nn_graph", provider(Arc::clone(&graph)), &limits());
    let Some(mut guests) = opened else { return };
    let (one, other) = ([0.5; 32], [-0.5; 32]);
    let mut answer = |guest: usize, input| {
        let outputs = predict(&mut guests[guest], input).expect("it answers");
        floats(&outputs[0])
    };
    let (first, second) = (answer(0, &one), answer(1, &other));
    assert_ne!(first, second);
    assert_eq!(answer(0, &one), first);
    assert_eq!(answer(1, &other), second);
    drop(guests);
    assert_eq!(Arc::strong_count(&graph), 1, "nothing holds it any more");
}

fn wrong_arguments_are_error_numbers(engine: &dyn Engine) {
    let opened = equipped(engine, "nn_hostile", provider(bands()), &limits());
    let Some(mut guests) = opened else { return };
    let mut outputs = Vec::new();
    let input = weir_engine::TensorRef {
        dtype: DType::I32,
        dims: &[1],
        data: &[0; 4],
    };
    let called = guests[0].predict(&[input], None, &mut outputs);
    called.expect("a wrong argument is no trap");
    let numbers: Vec<u8> = outputs[0]
        .data
        .chunks_exact(4)
        .map(|word| word[0])
        .collect();
    assert_eq!(numbers, [6, 1, 8, 1, 1, 1, 1]);
    still_answers(engine);
}

/// A backend that is not interrupted before the deadline has passed.
struct Slow;

impl NnProvider for Slow {
    fn open(&self) -> Box<dyn NnHost> {
        Box::new(Self)
    }
}

impl NnHost for Slow {
    fn call(&mut self, call: NnCall<'_>) -> i32 {
        while Instant::now() < call.ends {
            std::hint::spin_loop();
        }
        0
    }
}

fn a_backend_that_comes_back_late_is_a_deadline(engine: &dyn Engine) {
    let limits = Limits {
        load_deadline: Duration::from_secs(30),
        ..short()
    };
    let opened = equipped(engine, "nn_waits", Arc::new(Slow), &limits);
    let Some(mut guests) = opened else { return };
    match predict(&mut guests[0], &[0.0]) {
        Err(InvokeError::Trap(trap)) => assert_eq!(trap, Trap::Deadline { deadline_ms: 20 }),
        other => panic!("{other:?}"),
    }
    still_answers(engine);
}

fn without_a_backend_the_imports_are_refused(engine: &dyn Engine) {
    let Err(refusal) = open(engine, "nn_waits", &limits()) else {
        panic!("it opened");
    };
    let words = format!("{refusal:?}");
    assert!(words.contains("nn backend"), "{words}");
    still_answers(engine);
}

fn numbers(bytes: &[u8]) -> Vec<f32> {
    let words = bytes.chunks_exact(4);
    words
        .map(|word| f32::from_le_bytes(word.try_into().expect("four bytes")))
        .collect()
}
