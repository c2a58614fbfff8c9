//! What the writer makes and refuses.

use fastrand::Rng;
use int8_network::{DraftError, DraftLayer, Network, Operator, SECTION_ALIGN};

use crate::random;

#[test]
fn sections_are_aligned_and_activations_tight() {
    for seed in 0..200 {
        let mut rng = Rng::with_seed(seed);
        let kinds: Vec<u8> = (0..6).map(|_| rng.u8(0..7)).collect();
        let file = random::draft(&mut rng, &kinds).write().expect("a network");
        let network = Network::read(&file).expect("read");
        let mut least = network.header().input_shape.elements();
        for step in network.steps() {
            let step = step.expect("read");
            let together = match step.operator {
                Operator::Reshape(_) => step.output.shape.elements(),
                Operator::Dense(it) | Operator::Convolution(_, it) | Operator::Depthwise(_, it) => {
                    for at in [it.weights_at, it.channels_at] {
                        let at = usize::try_from(at).expect("fits");
                        assert!(at.is_multiple_of(SECTION_ALIGN), "seed {seed}");
                    }
                    step.input.shape.elements() + step.output.shape.elements()
                }
                Operator::MaxPool(..) | Operator::AveragePool(..) | Operator::Mean(..) => {
                    step.input.shape.elements() + step.output.shape.elements()
                }
            };
            least = least.max(together);
        }
        let given = network.header().activation_bytes;
        assert_eq!(u64::from(given), least.next_multiple_of(16), "seed {seed}");
    }
}

#[test]
fn a_layer_that_does_not_fit_is_named() {
    let mut rng = Rng::with_seed(5);
    let good = random::draft(&mut rng, &[6, 0]);
    let spoilt = |change: fn(&mut int8_network::DraftWeights)| {
        let mut draft = good.clone();
        if let DraftLayer::Dense(weights) = &mut draft.layers[1] {
            change(weights);
        }
        draft.write().expect_err("refused")
    };
    let layer = |words| DraftError::Layer { index: 1, words };
    let fault = spoilt(|it| it.weights.truncate(3));
    assert_eq!(
        fault,
        layer("its weights are not as many as its outputs need")
    );
    let fault = spoilt(|it| it.weights[0] = i8::MIN);
    assert_eq!(fault, layer("a weight is −128: weights are symmetric"));
    let fault = spoilt(|it| it.factors[0] = f64::NAN);
    assert_eq!(
        fault,
        layer("a factor is negative, not finite, or too large")
    );
    let fault = spoilt(|it| it.factors.clear());
    assert_eq!(fault, layer("it has not as many factors as biases"));
    let fault = spoilt(|it| it.biases[0] = i32::MAX);
    assert!(
        matches!(fault, DraftError::Layer { index: 1, .. }),
        "{fault:?}"
    );
}

#[test]
fn sizes_outside_must_have_the_elements_inside() {
    let mut draft = random::draft(&mut Rng::with_seed(6), &[0]);
    draft.output.dims = int8_network::Dims::new(&[1, 999]).expect("two");
    let error = draft.write().expect_err("refused");
    assert_eq!(error.to_string(), "the file would be refused");
}
