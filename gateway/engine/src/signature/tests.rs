use super::*;

fn tensor(name: &str, dims: &[i32], len_max: u32) -> TensorInfo {
    TensorInfo {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: dims.to_vec(),
        len_max,
    }
}

fn pair(output: &str, input: &str, initial: &[u8]) -> StatePair {
    StatePair {
        output: output.to_owned(),
        input: input.to_owned(),
        initial: initial.to_vec(),
    }
}

fn refusal(
    inputs: &[TensorInfo],
    outputs: &[TensorInfo],
    state: &[StatePair],
) -> Option<SignatureError> {
    Signature::new(inputs.to_vec(), outputs.to_vec(), state.to_vec()).err()
}

#[test]
fn state_is_kept_from_the_caller() {
    let inputs = vec![tensor("h", &[2], 8), tensor("x", &[-1], 64)];
    let outputs = vec![tensor("y", &[4], 16), tensor("h_next", &[2], 8)];
    let signature = Signature::new(inputs, outputs, vec![pair("h_next", "h", &[1; 8])]);
    let signature = signature.expect("sound");
    let names = |infos: &mut dyn Iterator<Item = &TensorInfo>| {
        infos.map(|info| info.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&mut signature.given_inputs()), ["x"]);
    assert_eq!(names(&mut signature.given_outputs()), ["y"]);
    let state = crate::State::initial(&signature);
    assert_eq!((state.bytes(), state.fits(&signature)), (8, true));
}

#[test]
fn a_state_of_varying_size_starts_empty() {
    let kept = |name| tensor(name, &[1, -1], 64);
    let state = vec![pair("after", "before", &[])];
    let signature = Signature::new(vec![kept("before")], vec![kept("after")], state);
    let state = crate::State::initial(&signature.expect("sound"));
    assert_eq!(state.tensors[0].dims, [1, 0]);
}

#[test]
fn contradictions_are_refused() {
    use SignatureError as E;
    let y = [tensor("y", &[1], 4)];
    let refused = |inputs: &[TensorInfo]| refusal(inputs, &y, &[]);
    assert!(matches!(refusal(&[], &[], &[]), Some(E::Count { .. })));
    let twice = [tensor("x", &[1], 4), tensor("x", &[1], 4)];
    assert!(matches!(refused(&twice), Some(E::NameTwice { .. })));
    let unknown = TensorInfo {
        dtype: 99,
        ..tensor("x", &[1], 4)
    };
    assert!(matches!(refused(&[unknown]), Some(E::Type { .. })));
    assert!(matches!(
        refused(&[tensor("x", &[1; 9], 4)]),
        Some(E::Rank { .. })
    ));
    assert!(matches!(
        refused(&[tensor("x", &[-2], 4)]),
        Some(E::Dim { .. })
    ));
    assert!(matches!(
        refused(&[tensor("x", &[2], 7)]),
        Some(E::LenMax { .. })
    ));
    let beyond = tensor("x", &[i32::MAX; 8], u32::MAX);
    assert!(matches!(refused(&[beyond]), Some(E::LenMax { .. })));
    assert!(matches!(
        refused(&[tensor("x", &[-1], u32::MAX)]),
        Some(E::LenMax { .. })
    ));
    let many: Vec<_> = (0..=TENSORS_MAX)
        .map(|at| tensor(&at.to_string(), &[1], 4))
        .collect();
    assert!(matches!(refused(&many), Some(E::Count { .. })));
}

#[test]
fn pairs_that_do_not_fit_are_refused() {
    use SignatureError as E;
    let [a, b, wide] = [
        tensor("a", &[2], 8),
        tensor("b", &[2], 8),
        tensor("wide", &[3], 12),
    ];
    let refused =
        |pairs: &[StatePair]| refusal(std::slice::from_ref(&a), &[b.clone(), wide.clone()], pairs);
    assert_eq!(refused(&[pair("b", "a", &[])]), None);
    assert!(matches!(
        refused(&[pair("b", "x", &[])]),
        Some(E::StateName { .. })
    ));
    assert!(matches!(
        refused(&[pair("x", "a", &[])]),
        Some(E::StateName { .. })
    ));
    let twice = [pair("b", "a", &[]), pair("b", "a", &[])];
    assert!(matches!(refused(&twice), Some(E::StateName { .. })));
    assert!(matches!(
        refused(&[pair("wide", "a", &[])]),
        Some(E::StateShape { .. })
    ));
    assert!(matches!(
        refused(&[pair("b", "a", &[0; 7])]),
        Some(E::StateInitial { .. })
    ));
}
