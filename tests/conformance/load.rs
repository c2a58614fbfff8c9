use std::sync::Arc;

use guest_abi::DType;
use weir_engine::{Engine, Export, Limits, OpenError, PointerFault, Signature, Step, Trap};

use crate::bench::{
    Refusal, fixture, floats, limits, open_with, opened, predict, refused, short, still_answers,
    tensor, vectors,
};

crate::on_every_engine! {
    opens_what_keeps_to_the_abi,
    refuses_another_abi,
    names_missing_exports,
    bad_buffers_are_refused,
    memory_beyond_the_limit_is_refused,
    data_outside_of_memory_is_refused,
    endless_loading_ends_at_its_deadline,
    the_models_faults_have_names,
    the_model_reaches_the_guest,
    sizes_beyond_the_profile_are_refused,
}

fn opens_what_keeps_to_the_abi(engine: &dyn Engine) {
    for name in ["echo", "abi_of_a_later_minor"] {
        let mut guest = opened(engine, name, &limits());
        let outputs = predict(&mut guest, &[0.25]).expect("it answers");
        assert_eq!(
            (outputs[0].name.as_str(), floats(&outputs[0])),
            ("y", vec![0.25])
        );
        assert_eq!(guest.memory_bytes(), 4 * 65_536);
    }
}

fn refuses_another_abi(engine: &dyn Engine) {
    let error = refused(engine, "abi_of_another_major", &limits());
    assert_eq!(error, OpenError::AbiVersion { major: 2, minor: 3 });
}

fn names_missing_exports(engine: &dyn Engine) {
    for name in ["predict_missing", "predict_of_another_signature"] {
        let export = Export::Predict;
        let error = refused(engine, name, &limits());
        assert_eq!(error, OpenError::ExportMissing { export }, "{name}");
    }
    let model = Some(b"model".as_slice());
    let error = open_with(engine, &fixture("echo"), vectors(), model, &limits());
    let Err(Refusal::Open(OpenError::ExportMissing { export })) = error else {
        panic!("{error:?}");
    };
    assert_eq!(export, Export::LoadModel);
    still_answers(engine);
}

fn bad_buffers_are_refused(engine: &dyn Engine) {
    for name in ["buffer_outside", "buffer_half_outside", "buffer_at_the_top"] {
        let error = refused(engine, name, &limits());
        let outside = matches!(error, OpenError::BadPointer(PointerFault::Outside { .. }));
        assert!(outside, "{name}: {error:?}");
    }
    let error = refused(engine, "buffer_misaligned", &limits());
    let address = 65_540;
    assert_eq!(
        error,
        OpenError::BadPointer(PointerFault::Misaligned { address })
    );
    let error = refused(engine, "buffer_overlapping", &limits());
    let overlapping = matches!(
        error,
        OpenError::BadPointer(PointerFault::Overlapping { .. })
    );
    assert!(overlapping, "{error:?}");
    let error = refused(engine, "buffer_refused", &limits());
    assert_eq!(error.code(), "guest_memory");
    still_answers(engine);
}

fn memory_beyond_the_limit_is_refused(engine: &dyn Engine) {
    assert!(engine.enforces().memory);
    let limits = limits();
    let trap = |name| {
        let error = refused(engine, name, &limits);
        assert_eq!(error.code(), "guest_memory_limit");
        let OpenError::Trap { step, trap } = error else {
            panic!("{name}: {error:?}");
        };
        assert_eq!(step, Step::Instantiate);
        trap
    };
    let limit_bytes = limits.memory_bytes_max;
    assert_eq!(trap("memory_too_large"), Trap::MemoryLimit { limit_bytes });
    let limit_elements = limits.table_elements_max;
    assert_eq!(trap("table_too_large"), Trap::TableLimit { limit_elements });
    still_answers(engine);
}

fn data_outside_of_memory_is_refused(engine: &dyn Engine) {
    let error = refused(engine, "data_outside", &limits());
    assert_eq!(error.code(), "guest_trap");
    still_answers(engine);
}

fn endless_loading_ends_at_its_deadline(engine: &dyn Engine) {
    let error = refused(engine, "initialize_loops", &short());
    assert_eq!(error.code(), "guest_deadline");
    let model = Some(b"model".as_slice());
    let error = open_with(engine, &fixture("model_loops"), vectors(), model, &short());
    let Err(Refusal::Open(OpenError::Trap { step, trap })) = error else {
        panic!("{error:?}");
    };
    assert_eq!(step, Step::LoadModel);
    assert_eq!(trap, Trap::Deadline { deadline_ms: 200 });
    still_answers(engine);
}

fn the_models_faults_have_names(engine: &dyn Engine) {
    let words = "opset 99  is not known yet";
    for (name, code) in [
        ("model_fails_corrupt", "model_corrupt"),
        ("model_fails_unsupported", "model_unsupported"),
        ("model_fails_shape", "model_shape"),
        ("model_fails_memory", "guest_memory"),
        ("model_fails_else", "guest_failed"),
    ] {
        let model = Some(b"model".as_slice());
        match open_with(engine, &fixture(name), vectors(), model, &limits()) {
            Err(Refusal::Open(error)) => {
                assert_eq!(error.code(), code, "{name}");
                assert!(error.to_string().contains(words), "{error}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    let error = refused(engine, "open_fails", &limits());
    let (step, words) = (Step::Open, String::new());
    assert_eq!(error, OpenError::OutOfMemory { step, words });
}

fn the_model_reaches_the_guest(engine: &dyn Engine) {
    let model: Vec<u8> = (0..=255).cycle().take(40_000).collect();
    let sum: u32 = model.iter().copied().map(u32::from).sum();
    let code = fixture("model_sum");
    let mut guest = open_with(engine, &code, vectors(), Some(&model), &limits()).expect("it opens");
    let outputs = predict(&mut guest, &[0.0]).expect("it answers");
    assert_eq!(outputs[0].data, sum.to_le_bytes());
}

fn sizes_beyond_the_profile_are_refused(engine: &dyn Engine) {
    let limits = Limits {
        model_bytes_max: 4,
        output_bytes_max: 100,
        ..limits()
    };
    let model = Some(b"model".as_slice());
    let error = open_with(engine, &fixture("model_sum"), vectors(), model, &limits);
    let Err(Refusal::Open(error)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.code(), "model_too_large");
    let wide = vec![tensor("y", DType::F32, &[26], 104)];
    let signature = Signature::new(Vec::new(), wide, Vec::new()).expect("sound");
    let error = open_with(engine, &fixture("echo"), Arc::new(signature), None, &limits);
    let Err(Refusal::Open(error)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.code(), "tensors_too_large");
}
