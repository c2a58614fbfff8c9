use guest_abi::DType;
use weir_engine::{Engine, InvokeError, Limits, OutputFault, PointerFault, TensorRef};

use crate::bench::{fails, floats, limits, opened, predict, still_answers};

crate::on_every_engine! {
    lying_outputs_are_refused,
    an_output_grows_once,
    absurd_wishes_are_refused,
    a_guest_that_always_wants_more_is_refused,
    a_wish_is_written_anew,
    a_bad_pointer_ends_the_guest,
    failures_carry_the_guests_words,
    inputs_that_do_not_fit_never_reach_the_guest,
    buffers_are_reused,
}

fn fault(engine: &dyn Engine, name: &str) -> OutputFault {
    let error = fails(engine, name, &limits());
    let InvokeError::OutputInvalid { fault, .. } = error else {
        panic!("{name}: {error:?}");
    };
    fault
}

fn lying_outputs_are_refused(engine: &dyn Engine) {
    assert!(matches!(
        fault(engine, "output_beyond_buffer"),
        OutputFault::BeyondBuffer { .. }
    ));
    assert_eq!(fault(engine, "output_moved"), OutputFault::Moved);
    let (stated, found) = (DType::F32.code(), 99);
    assert_eq!(
        fault(engine, "output_type"),
        OutputFault::Type { stated, found }
    );
    assert!(matches!(
        fault(engine, "output_rank"),
        OutputFault::Dims { rank: 255, .. }
    ));
    assert!(matches!(
        fault(engine, "output_dims"),
        OutputFault::Dims { rank: 3, .. }
    ));
    assert!(matches!(
        fault(engine, "output_length"),
        OutputFault::Length { len: 12, .. }
    ));
    assert!(matches!(
        fault(engine, "output_unwritten"),
        OutputFault::Type { found: 0, .. }
    ));
}

fn an_output_grows_once(engine: &dyn Engine) {
    let mut guest = opened(engine, "echo", &limits());
    let long: Vec<f32> = (0..4000_u16).map(f32::from).collect();
    for _ in 0..3 {
        let outputs = predict(&mut guest, &long).expect("the echo grows its output");
        assert_eq!(floats(&outputs[0]), long);
    }
}

fn absurd_wishes_are_refused(engine: &dyn Engine) {
    let error = fails(engine, "asks_absurdly", &limits());
    assert_eq!(error.code(), "guest_output_too_large");
    let tight = Limits {
        output_bytes_max: 2000,
        ..limits()
    };
    let mut guest = opened(engine, "echo", &tight);
    let error = predict(&mut guest, &[0.0; 501]).expect_err("beyond the profile");
    let (name, bytes, bytes_max) = ("y".to_owned(), 2004, 2000);
    assert_eq!(
        error,
        InvokeError::OutputTooLarge {
            name,
            bytes,
            bytes_max
        }
    );
    predict(&mut guest, &[0.0; 500]).expect("within the profile");
    still_answers(engine);
}

fn a_guest_that_always_wants_more_is_refused(engine: &dyn Engine) {
    assert_eq!(fault(engine, "asks_for_ever"), OutputFault::AskedAgain);
    assert_eq!(fault(engine, "asks_without_need"), OutputFault::AskedAgain);
}

fn a_wish_is_written_anew(engine: &dyn Engine) {
    let mut guest = opened(engine, "asks_after_scribbling", &limits());
    let outputs = predict(&mut guest, &[42.0]).expect("it answers at the second try");
    assert_eq!(floats(&outputs[0]), [42.0]);
}

fn a_bad_pointer_ends_the_guest(engine: &dyn Engine) {
    let mut guest = opened(engine, "buffer_later_outside", &limits());
    let error = predict(&mut guest, &[1.0]).expect_err("no room");
    let outside = matches!(error, InvokeError::BadPointer(PointerFault::Outside { .. }));
    assert!(outside, "{error:?}");
    assert!(!guest.usable());
    still_answers(engine);
}

fn failures_carry_the_guests_words(engine: &dyn Engine) {
    let mut guest = opened(engine, "fails_with_words", &limits());
    for _ in 0..2 {
        let (code, words) = (-1, "opset 99  is not known yet".to_owned());
        let error = predict(&mut guest, &[1.0]).expect_err("it fails");
        assert_eq!(error, InvokeError::Failed { code, words });
        assert!(guest.usable(), "a failure is no trap");
    }
    assert_eq!(
        fails(engine, "refuses_the_input", &limits()).code(),
        "input_shape"
    );
    assert_eq!(
        fails(engine, "returns_a_positive_code", &limits()).code(),
        "guest_failed"
    );
    for name in ["words_outside", "words_point_outside"] {
        let (code, words) = (-1, String::new());
        let error = fails(engine, name, &limits());
        assert_eq!(error, InvokeError::Failed { code, words }, "{name}");
    }
    let InvokeError::Failed { words, .. } = fails(engine, "words_endless", &limits()) else {
        panic!("it fails");
    };
    assert_eq!(words.chars().count(), 512);
}

fn inputs_that_do_not_fit_never_reach_the_guest(engine: &dyn Engine) {
    let mut guest = opened(engine, "unreachable", &limits());
    let mut outputs = Vec::new();
    let data = [0; 8];
    let whole = TensorRef {
        dtype: DType::F32,
        dims: &[2],
        data: &data,
    };
    let cases = [
        (vec![], "input_shape"),
        (vec![whole, whole], "input_shape"),
        (
            vec![TensorRef {
                dtype: DType::I32,
                ..whole
            }],
            "input_shape",
        ),
        (
            vec![TensorRef {
                dims: &[3],
                ..whole
            }],
            "input_shape",
        ),
        (
            vec![TensorRef {
                dims: &[2, 1],
                ..whole
            }],
            "input_shape",
        ),
        (
            vec![TensorRef {
                dims: &[u32::MAX],
                ..whole
            }],
            "input_shape",
        ),
    ];
    for (inputs, code) in cases {
        let error = guest
            .predict(&inputs, None, &mut outputs)
            .expect_err("refused");
        assert_eq!(error.code(), code);
    }
    let error = predict(&mut guest, &[0.0; 5000]).expect_err("beyond len_max");
    assert_eq!(error.code(), "input_too_large");
    assert!(guest.usable(), "it was never called");
}

fn buffers_are_reused(engine: &dyn Engine) {
    let mut guest = opened(engine, "echo", &limits());
    let mut outputs = Vec::new();
    let input = TensorRef {
        dtype: DType::F32,
        dims: &[4],
        data: &[7; 16],
    };
    guest
        .predict(&[input], None, &mut outputs)
        .expect("it answers");
    let before = (
        outputs[0].data.as_ptr(),
        outputs[0].name.as_ptr(),
        guest.memory_bytes(),
    );
    for _ in 0..1000 {
        guest
            .predict(&[input], None, &mut outputs)
            .expect("it answers");
    }
    let after = (
        outputs[0].data.as_ptr(),
        outputs[0].name.as_ptr(),
        guest.memory_bytes(),
    );
    assert_eq!(after, before, "nothing is reserved anew");
}
