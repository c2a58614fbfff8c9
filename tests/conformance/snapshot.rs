//! Guests that begin with their model loaded answer as those that load it: the same bits. Where an engine cannot begin
//! so, it says why, and the guest behaves as ever.

use weir_engine::{Engine, Equipment, Guest, GuestCode, GuestModel, Limits, Module, Start};

use crate::{
    bench::{Refusal, fixture, floats, limits, open_with, predict, short, vectors, wasmtime},
    on_every_engine,
};

on_every_engine! {
    a_model_known_beforehand_changes_no_answer,
    a_model_that_is_refused_is_refused_alike,
    fuel_is_for_messages_only,
}

const MODEL: &[u8] = b"model of four hundred and two";

fn equipped(model: &[u8]) -> Equipment {
    use sha2::{Digest, Sha256};
    Equipment {
        model: Some(GuestModel {
            sha256: Sha256::digest(model).into(),
            bytes: model.into(),
        }),
        nn: None,
    }
}

fn open(engine: &dyn Engine, name: &str, limits: &Limits) -> Result<Guest, Refusal> {
    let code = fixture(name);
    let module = engine.load(&code, &equipped(MODEL), limits);
    let module = module.map_err(Refusal::Load)?;
    Guest::open(module.as_ref(), vectors(), Some(MODEL), limits).map_err(Refusal::Open)
}

fn open_cold(engine: &dyn Engine, name: &str, limits: &Limits) -> Result<Guest, Refusal> {
    open_with(engine, &fixture(name), vectors(), Some(MODEL), limits)
}

fn answer(guest: Result<Guest, Refusal>) -> Vec<u32> {
    let mut guest = guest.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let outputs = predict(&mut guest, &[1.0]).expect("it answers");
    floats(&outputs[0])
        .iter()
        .map(|value| value.to_bits())
        .collect()
}

fn a_model_known_beforehand_changes_no_answer(engine: &dyn Engine) {
    let sum = MODEL.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let pages = u32::try_from(limits().memory_bytes_max / 65_536).expect("few");
    for (name, wanted) in [("model_sum", sum), ("model_grows", pages)] {
        assert_eq!(
            answer(open_cold(engine, name, &limits())),
            [wanted],
            "{name}"
        );
        assert_eq!(answer(open(engine, name, &limits())), [wanted], "{name}");
    }
}

fn a_model_that_is_refused_is_refused_alike(engine: &dyn Engine) {
    for name in [
        "model_fails_corrupt",
        "model_fails_else",
        "model_fails_memory",
        "model_fails_shape",
        "model_fails_unsupported",
        "model_loops",
        "model_traps",
        "initialize_loops",
    ] {
        let refusal = |opened: Result<Guest, Refusal>| match opened {
            Err(Refusal::Open(error)) => error,
            Err(Refusal::Load(error)) => panic!("{name}: {error}"),
            Ok(_) => panic!("{name} opened"),
        };
        let known = refusal(open(engine, name, &short()));
        assert_eq!(known, refusal(open_cold(engine, name, &short())), "{name}");
    }
}

fn fuel_is_for_messages_only(engine: &dyn Engine) {
    if !engine.enforces().fuel {
        return;
    }
    let metered = Limits {
        fuel_max: Some(1000),
        ..limits()
    };
    answer(open(engine, "model_sum", &metered));
}

fn loaded(code: &GuestCode) -> std::sync::Arc<dyn Module> {
    let loaded = wasmtime().load(code, &equipped(MODEL), &limits());
    loaded.unwrap_or_else(|error| panic!("{}: {error}", code.name))
}

#[test]
fn wasmtime_begins_with_the_model_loaded() {
    let module = loaded(&fixture("model_sum"));
    assert_eq!((module.start(), module.why_cold()), (Start::Snapshot, None));
}

#[test]
fn wasmtime_says_why_it_cannot() {
    let module = loaded(&fixture("model_beside_a_table"));
    assert_eq!(module.start(), Start::Cold);
    let why = module.why_cold().expect("a reason");
    assert!(why.contains("table.set"), "{why}");
    let opened = Guest::open(module.as_ref(), vectors(), Some(MODEL), &limits());
    let len = u32::try_from(MODEL.len()).expect("short");
    assert_eq!(answer(opened.map_err(Refusal::Open)), [len]);
}

/// What one instance was told is not there in the next one, and not in the snapshot.
#[test]
fn instances_of_a_snapshot_know_nothing_of_each_other() {
    let module = loaded(&fixture("model_counts"));
    for _ in 0..3 {
        let opened = Guest::open(module.as_ref(), vectors(), Some(MODEL), &limits());
        let mut guest = opened.expect("it opens");
        for count in 1..4_u32 {
            let outputs = predict(&mut guest, &[1.0]).expect("it answers");
            assert_eq!(floats(&outputs[0])[0].to_bits(), count);
        }
    }
}
