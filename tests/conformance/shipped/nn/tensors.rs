//! Tensors that are handed over as they are: the models that ship, through guest `nn`.

use guest_abi::DType;
use nn_graph::{Finish, Graph, GraphTensor, Prepare};

use super::{builds, open, predict};
use crate::{
    bench::floats,
    shipped::{read, root},
};

/// Classes of the digits.
const CLASSES: usize = 10;
const INPUT_BYTES: usize = 64 * 4;
/// As their card says.
const TOLERANCE: f32 = 1e-4;

fn file(name: &str) -> Vec<u8> {
    read(&root().join("models/digits").join(name))
}

fn graph(finish: Finish) -> Graph {
    let tensor = |name: &str, dims: &[u32]| GraphTensor {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: dims.to_vec(),
    };
    Graph {
        name: "digits".to_owned(),
        inputs: vec![tensor("image", &[1, 1, 8, 8])],
        outputs: vec![tensor("class", &[1, 10])],
        prepare: Prepare::AsIs,
        finish,
    }
}

/// Inputs with what the trainer recorded of each.
fn golden() -> Vec<(Vec<u8>, Vec<f32>)> {
    let (inputs, outputs) = (file("golden/inputs.f32"), file("golden/outputs.f32"));
    let logits = outputs.as_chunks::<4>().0.chunks_exact(CLASSES);
    let logits = logits.map(|row| row.iter().copied().map(f32::from_le_bytes).collect());
    let inputs = inputs.chunks_exact(INPUT_BYTES).map(<[u8]>::to_vec);
    inputs.zip(logits).collect()
}

#[test]
fn logits_pass_through() {
    let model = file("model.onnx");
    for build in builds() {
        let mut guest = open(&build, &graph(Finish::AsIs), &model);
        for (input, wanted) in golden() {
            let found = predict(&mut guest, DType::F32, &[1, 1, 8, 8], &input).expect("it answers");
            assert_eq!(found.dims, [1, 10]);
            for (found, wanted) in floats(&found).iter().zip(&wanted) {
                assert!((found - wanted).abs() <= TOLERANCE, "{found} {wanted}");
            }
        }
    }
}

#[test]
fn probabilities_are_those_of_the_logits() {
    let model = file("model.onnx");
    for build in builds() {
        let mut guest = open(&build, &graph(Finish::Softmax), &model);
        for (input, logits) in golden() {
            let found = predict(&mut guest, DType::F32, &[1, 1, 8, 8], &input).expect("it answers");
            let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
            for (found, logit) in floats(&found).iter().zip(&logits) {
                let wanted = logit.exp() / sum;
                assert!((found - wanted).abs() <= TOLERANCE, "{found} {wanted}");
            }
        }
    }
}
