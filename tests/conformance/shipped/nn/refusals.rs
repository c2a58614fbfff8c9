//! What guest `nn` says no to, and that it goes on afterwards.

use guest_abi::DType;
use nn_graph::Fit;
use weir_engine::{Guest, InvokeError};

use super::{
    builds,
    detector::{detect, file, graph},
    open, predict, provider, try_open,
};

fn words(guest: &mut Guest, dtype: DType, dims: &[u32], data: &[u8]) -> String {
    let error = predict(guest, dtype, dims, data).expect_err("it is refused");
    assert!(!matches!(error, InvokeError::Trap(_)), "{error}");
    error.to_string()
}

#[test]
fn images_of_another_form_are_refused_and_the_next_is_read() {
    let model = file("detector.onnx");
    for build in builds() {
        let mut guest = open(&build, &graph(Fit::Letterbox), &model);
        let image = vec![9; 200 * 100 * 3];
        for dims in [
            [1, 200, 100, 3],
            [1, 0, 10, 3],
            [2, 10, 10, 3],
            [1, 10, 10, 1],
        ] {
            let bytes: u32 = dims.iter().product();
            let data = &image[..usize::try_from(bytes).unwrap()];
            words(&mut guest, DType::U8, &dims, data);
        }
        let first = detect(&mut guest, (10, 10), &image[..300]);
        let second = detect(&mut guest, (10, 10), &image[..300]);
        assert_eq!(first.data, second.data);
    }
}

#[test]
fn a_graph_that_the_host_does_not_have_is_named() {
    let model = file("detector.onnx");
    for (engine, target, name) in builds() {
        let known = graph(Fit::Letterbox);
        let mut unknown = known.clone();
        unknown.name = "another".to_owned();
        let opened = try_open(
            (engine.as_ref(), target, name),
            &unknown,
            provider(&known, &model),
        );
        let Err(error) = opened else {
            panic!("it opened");
        };
        let error = error.to_string();
        assert!(error.contains("another"), "{error}");
    }
}
