use int8_network::{
    Clamp, Dims, Draft, DraftLayer, DraftWeights, Edge, Finish, Layout, Quantisation, Quantised,
    Shape,
};
use weir_guest::{Error, Load, code};

use super::TinyNn;

/// Two dense layers over three numbers.
fn file() -> Vec<u8> {
    let quantisation = Quantisation {
        scale: 0.1,
        zero_point: 0,
    };
    let edge = |sizes: &[u32]| Edge {
        dims: Dims::new(sizes).expect("two"),
        layout: Layout::ChannelsLast,
        quantisation,
    };
    let dense = |outputs: usize, inputs: usize| {
        DraftLayer::Dense(DraftWeights {
            weights: vec![64; outputs * inputs],
            biases: vec![0; outputs],
            factors: vec![0.01; outputs],
            quantised: Quantised {
                zero_point: 0,
                clamp: Clamp::NONE,
            },
        })
    };
    let draft = Draft {
        input: edge(&[1, 3]),
        input_shape: Shape::vector(3),
        output: edge(&[1, 2]),
        finish: Finish::Softmax,
        layers: vec![dense(4, 3), dense(2, 4)],
    };
    draft.write().expect("a network")
}

fn load(file: Vec<u8>) -> Result<TinyNn, Error> {
    TinyNn::load(file.leak())
}

#[test]
fn a_network_is_loaded_with_the_memory_that_it_needs() {
    let guest = load(file()).expect("loads");
    assert_eq!(guest.network.input_dims(), [1, 3]);
    assert_eq!(guest.network.output_dims(), [1, 2]);
    assert_eq!(guest.activations.len(), guest.network.activation_bytes());
    assert_eq!(guest.scratch.len(), guest.network.scratch_words());
}

#[test]
fn words_say_which_layer_is_wrong() {
    let mut file = file();
    file.truncate(file.len() - 1);
    let error = load(file).err().expect("refused");
    assert_eq!(error.code(), code::MODEL_CORRUPT);
    assert_eq!(
        error.to_string(),
        "layer 1: a section lies outside of the file, or is not aligned"
    );
}

#[test]
fn another_version_is_not_supported() {
    let mut file = file();
    file[8] = 9;
    let error = load(file).err().expect("refused");
    assert_eq!(error.code(), code::MODEL_UNSUPPORTED);
    let onnx = load(b"\x08\x08\x12\x07pytorch".to_vec()).err();
    assert_eq!(onnx.expect("refused").code(), code::MODEL_CORRUPT);
}
