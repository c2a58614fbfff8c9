use std::sync::Arc;

use guest_abi::{DType, StatePair};
use weir_engine::{Engine, Guest, InvokeError, Signature, State, Tensor, TensorRef};

use crate::bench::{fixture, floats, limits, open_with, tensor, vectors};

crate::on_every_engine! {
    devices_have_states_of_their_own,
    a_failure_leaves_the_state,
    a_trap_leaves_the_state,
    without_a_state_each_call_is_the_first,
    a_foreign_state_is_refused,
}

/// Inputs `x` and `sum`, outputs `y` and `sum_next`; a new device starts at 10.
fn signature() -> Arc<Signature> {
    let one = |name| tensor(name, DType::F32, &[1], 4);
    let pair = StatePair {
        output: "sum_next".to_owned(),
        input: "sum".to_owned(),
        initial: 10.0_f32.to_le_bytes().to_vec(),
    };
    let (inputs, outputs) = (vec![one("x"), one("sum")], vec![one("y"), one("sum_next")]);
    Arc::new(Signature::new(inputs, outputs, vec![pair]).expect("sound"))
}

fn guest(engine: &dyn Engine) -> Guest {
    open_with(engine, &fixture("counts"), signature(), None, &limits()).expect("it opens")
}

fn feed(guest: &mut Guest, state: Option<&mut State>, value: f32) -> Result<f32, InvokeError> {
    let mut outputs: Vec<Tensor> = Vec::new();
    let input = TensorRef {
        dtype: DType::F32,
        dims: &[1],
        data: &value.to_le_bytes(),
    };
    guest.predict(&[input], state, &mut outputs)?;
    assert_eq!(outputs.len(), 1, "state is no output for the caller");
    Ok(floats(&outputs[0])[0])
}

fn devices_have_states_of_their_own(engine: &dyn Engine) {
    let mut guest = guest(engine);
    let mut pumps = [State::initial(&signature()), State::initial(&signature())];
    assert_eq!(feed(&mut guest, Some(&mut pumps[0]), 1.0), Ok(11.0));
    assert_eq!(feed(&mut guest, Some(&mut pumps[1]), 5.0), Ok(15.0));
    assert_eq!(feed(&mut guest, Some(&mut pumps[0]), 1.0), Ok(12.0));
    assert_eq!(feed(&mut guest, Some(&mut pumps[1]), 5.0), Ok(20.0));
}

fn a_failure_leaves_the_state(engine: &dyn Engine) {
    let mut guest = guest(engine);
    let mut state = State::initial(&signature());
    feed(&mut guest, Some(&mut state), 1.0).expect("it counts");
    let before = state.clone();
    let error = feed(&mut guest, Some(&mut state), -1.0).expect_err("negative");
    assert_eq!(error.code(), "guest_failed");
    assert_eq!(state, before);
    assert_eq!(feed(&mut guest, Some(&mut state), 1.0), Ok(12.0));
}

fn a_trap_leaves_the_state(engine: &dyn Engine) {
    let mut state = State::initial(&signature());
    let mut first = guest(engine);
    feed(&mut first, Some(&mut state), 1.0).expect("it counts");
    let error = feed(&mut first, Some(&mut state), 2000.0).expect_err("too large");
    assert_eq!(error.code(), "guest_trap");
    assert_eq!(feed(&mut guest(engine), Some(&mut state), 1.0), Ok(12.0));
}

fn without_a_state_each_call_is_the_first(engine: &dyn Engine) {
    let mut guest = guest(engine);
    assert_eq!(feed(&mut guest, None, 1.0), Ok(11.0));
    assert_eq!(feed(&mut guest, None, 1.0), Ok(11.0));
}

fn a_foreign_state_is_refused(engine: &dyn Engine) {
    let mut foreign = State::initial(&vectors());
    let error = feed(&mut guest(engine), Some(&mut foreign), 1.0);
    assert_eq!(error, Err(InvokeError::StateShape));
}
