use std::{sync::Arc, time::Instant};

use weir_engine::NnFunction::{
    Compute, GetOutput, InitExecutionContext, Load, LoadByName, SetInput,
};
use weir_nn::Bounds;

use crate::support::{
    BOUNDS, DIMS, Guest, HANDLE, INPUT, INPUT_BYTES, NAME, NN_F32, OUTPUT, OUTPUT_BYTES, RECORD,
    file, floats, graph, provider,
};

const INVALID_ARGUMENT: i32 = 1;
const RUNTIME_ERROR: i32 = 5;
const UNSUPPORTED_OPERATION: i32 = 6;
const TOO_LARGE: i32 = 7;
const NOT_FOUND: i32 = 8;

fn guest() -> Guest {
    Guest::new(provider(&graph(), BOUNDS).open())
}

#[test]
fn the_calls_give_what_the_models_card_says() {
    let mut guest = guest();
    let context = guest.opened();
    let (inputs, wanted) = (file("golden/inputs.f32"), file("golden/outputs.f32"));
    let cases = inputs
        .chunks_exact(INPUT_BYTES)
        .zip(wanted.chunks_exact(OUTPUT_BYTES));
    for (input, wanted) in cases {
        guest.put(INPUT, input);
        assert_eq!(guest.call(SetInput, &[context, 0, RECORD]), 0);
        assert_eq!(guest.call(Compute, &[context]), 0);
        assert_eq!(guest.call(GetOutput, &[context, 0, OUTPUT, 16, HANDLE]), 0);
        assert_eq!(guest.word(HANDLE), 16);
        let found = floats(guest.get(OUTPUT, OUTPUT_BYTES));
        for (found, wanted) in found.iter().zip(floats(wanted)) {
            assert!((found - wanted).abs() < 1e-4, "{found} for {wanted}");
        }
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let mut guest = guest();
    assert_eq!(
        guest.call(Load, &[NAME, 1, 1, 0, HANDLE]),
        UNSUPPORTED_OPERATION
    );
    assert_eq!(guest.call(LoadByName, &[NAME, 4, HANDLE]), NOT_FOUND);
    assert_eq!(guest.call(LoadByName, &[NAME, 0, HANDLE]), NOT_FOUND);
    assert_eq!(
        guest.call(InitExecutionContext, &[0, HANDLE]),
        INVALID_ARGUMENT
    );
    assert_eq!(guest.call(SetInput, &[0, 0, RECORD]), INVALID_ARGUMENT);
    assert_eq!(guest.call(Compute, &[0]), INVALID_ARGUMENT);
    assert_eq!(
        guest.call(GetOutput, &[0, 0, OUTPUT, 16, HANDLE]),
        INVALID_ARGUMENT
    );
}

#[test]
fn addresses_outside_of_the_memory_are_refused() {
    let mut guest = guest();
    for (address, len) in [(1020, 5), (-1, 5), (NAME, -1), (i32::MAX, i32::MAX)] {
        let code = guest.call(LoadByName, &[address, len, HANDLE]);
        assert_eq!(code, INVALID_ARGUMENT, "{address} {len}");
    }
    assert_eq!(guest.call(LoadByName, &[NAME, 5, 1021]), INVALID_ARGUMENT);
    let context = guest.opened();
    assert_eq!(guest.call(InitExecutionContext, &[0, -4]), INVALID_ARGUMENT);
    assert_eq!(guest.call(SetInput, &[context, 0, 1005]), INVALID_ARGUMENT);
    guest.record(1020, 2, NN_F32, INPUT, 128);
    assert_eq!(
        guest.call(SetInput, &[context, 0, RECORD]),
        INVALID_ARGUMENT
    );
    guest.record(DIMS, 2, NN_F32, 1024 - 127, 128);
    assert_eq!(
        guest.call(SetInput, &[context, 0, RECORD]),
        INVALID_ARGUMENT
    );
}

#[test]
fn a_tensor_of_another_type_or_shape_is_refused() {
    let mut guest = guest();
    let context = guest.opened();
    assert_eq!(guest.call(SetInput, &[context, 0, RECORD]), 0);
    assert_eq!(
        guest.call(SetInput, &[context, 1, RECORD]),
        INVALID_ARGUMENT
    );
    let records = [
        (DIMS, 2, 3, INPUT, 128),
        (DIMS, 2, 255, INPUT, 128),
        (DIMS, 1, NN_F32, INPUT, 128),
        (DIMS, -1, NN_F32, INPUT, 128),
        (DIMS + 4, 2, NN_F32, INPUT, 128),
        (DIMS, 2, NN_F32, INPUT, 124),
        (DIMS, 2, NN_F32, INPUT, -1),
    ];
    for (dims, rank, number, data, len) in records {
        guest.record(dims, rank, number, data, len);
        let code = guest.call(SetInput, &[context, 0, RECORD]);
        assert_eq!(
            code, INVALID_ARGUMENT,
            "{dims} {rank} {number} {data} {len}"
        );
    }
}

#[test]
fn nothing_is_computed_from_what_was_not_given_and_nothing_old_is_handed_out() {
    let mut guest = guest();
    let context = guest.opened();
    assert_eq!(guest.call(Compute, &[context]), INVALID_ARGUMENT);
    let output = [context, 0, OUTPUT, 16, HANDLE];
    assert_eq!(guest.call(GetOutput, &output), RUNTIME_ERROR);
    assert_eq!(guest.call(SetInput, &[context, 0, RECORD]), 0);
    assert_eq!(guest.call(Compute, &[context]), 0);
    assert_eq!(guest.call(GetOutput, &output), 0);
    assert_eq!(guest.call(SetInput, &[context, 0, RECORD]), 0);
    assert_eq!(guest.call(GetOutput, &output), RUNTIME_ERROR);
}

#[test]
fn an_output_that_has_no_room_is_not_cut() {
    let mut guest = guest();
    let context = guest.opened();
    assert_eq!(guest.call(SetInput, &[context, 0, RECORD]), 0);
    assert_eq!(guest.call(Compute, &[context]), 0);
    guest.put(OUTPUT, &[7; 16]);
    let mut output = |buffer, len, written| {
        let code = guest.call(GetOutput, &[context, 0, buffer, len, written]);
        assert_eq!(guest.get(OUTPUT, 16), [7; 16]);
        code
    };
    assert_eq!(output(OUTPUT, 15, HANDLE), TOO_LARGE);
    assert_eq!(output(1024 - 15, 16, HANDLE), INVALID_ARGUMENT);
    assert_eq!(output(OUTPUT, 16, 1022), INVALID_ARGUMENT);
    assert_eq!(
        guest.call(GetOutput, &[context, 1, OUTPUT, 16, HANDLE]),
        INVALID_ARGUMENT
    );
}

#[test]
fn contexts_and_their_bytes_are_bounded_and_freed_with_the_instance() {
    let graph = graph();
    let narrow = Bounds {
        contexts_max: 100,
        tensor_bytes_max: 3 * (INPUT_BYTES + OUTPUT_BYTES),
    };
    for (bounds, granted) in [(BOUNDS, 2), (narrow, 3)] {
        let provider = provider(&graph, bounds);
        let mut guest = Guest::new(provider.open());
        for context in 0..granted {
            assert_eq!(guest.opened(), context);
        }
        let code = guest.call(InitExecutionContext, &[0, HANDLE]);
        assert_eq!(code, TOO_LARGE);
        drop(guest);
        let mut guest = Guest::new(provider.open());
        assert_eq!(guest.opened(), 0, "another instance has its own");
    }
    assert_eq!(Arc::strong_count(&graph), 1, "nothing holds it any more");
}

#[test]
fn a_deadline_that_has_passed_ends_a_run() {
    let mut guest = guest();
    let context = guest.opened();
    assert_eq!(guest.call(SetInput, &[context, 0, RECORD]), 0);
    let ends = std::mem::replace(&mut guest.ends, Instant::now());
    assert_eq!(guest.call(Compute, &[context]), RUNTIME_ERROR);
    let output = [context, 0, OUTPUT, 16, HANDLE];
    assert_eq!(guest.call(GetOutput, &output), RUNTIME_ERROR);
    guest.ends = ends;
    assert_eq!(
        guest.call(Compute, &[context]),
        0,
        "the context is as good as before"
    );
    assert_eq!(guest.call(GetOutput, &output), 0);
}
