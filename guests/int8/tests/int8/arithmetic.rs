use fastrand::Rng;
use int8_network::{Draft, Finish, Requantise};

use crate::{random, reference, run::run};

/// Layers of one kind over random shapes, each followed by one that depends on all its elements.
fn agrees(kind: u8) {
    for seed in 0..400 {
        let mut rng = Rng::with_seed(seed);
        compare(&random::draft(&mut rng, &[kind]), &mut rng, seed);
    }
}

fn compare(draft: &Draft, rng: &mut Rng, seed: u64) {
    let file = draft.write().expect("a network");
    let input = random::values(rng, draft);
    let expected = reference::run(draft, &input);
    for filling in [0, 77] {
        let output = run(&file, &input, filling).expect("runs");
        match draft.finish {
            Finish::None => assert_eq!(output, expected, "seed {seed}: {draft:?}"),
            Finish::Softmax => {
                let pairs = output.iter().zip(&expected);
                let off = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(off < 1e-6, "seed {seed}: off by {off}: {draft:?}");
            }
        }
    }
}

#[test]
fn dense() {
    agrees(0);
}

#[test]
fn convolution() {
    agrees(1);
}

#[test]
fn depthwise() {
    agrees(2);
}

#[test]
fn max_pool() {
    agrees(3);
}

#[test]
fn average_pool() {
    agrees(4);
}

#[test]
fn mean() {
    agrees(5);
}

#[test]
fn reshape() {
    agrees(6);
}

/// Inputs that are too large to be copied into their padding, and sums that leave their lanes in between.
#[test]
fn large_convolutions() {
    use int8_network::{Dims, DraftLayer, Layout, Shape, Window};
    for seed in 0..60 {
        let mut rng = Rng::with_seed(seed);
        let mut draft = random::draft(&mut rng, &[]);
        let shape = Shape {
            height: rng.u16(9..14),
            width: rng.u16(30..40),
            channels: rng.u16(8..20),
        };
        let dilation = rng.u16(1..3);
        let window = Window {
            kernel: [rng.u16(1..10) / dilation + 1, rng.u16(1..10) / dilation + 1],
            stride: [rng.u16(1..3), rng.u16(1..3)],
            dilation: [dilation, 1],
            padding_before: [rng.u16(0..2), rng.u16(0..2)],
            padding_after: [rng.u16(0..2), rng.u16(0..2)],
        };
        let Some([height, width]) = window.output(shape) else {
            continue;
        };
        let is_depthwise = rng.bool();
        let outputs = if is_depthwise {
            shape.channels
        } else {
            rng.u16(1..6)
        };
        let inputs = if is_depthwise {
            1
        } else {
            usize::from(shape.channels)
        };
        let taps = usize::try_from(window.positions()).expect("few") * inputs;
        let weights = random::weights(&mut rng, outputs, taps);
        let zero_point = weights.quantised.zero_point;
        draft.layers = vec![if is_depthwise {
            DraftLayer::Depthwise(window, weights)
        } else {
            DraftLayer::Convolution(window, weights)
        }];
        let sizes = |sizes: [u16; 3]| Dims::new(&sizes.map(u32::from)).expect("three");
        draft.input_shape = shape;
        draft.input.layout = Layout::ChannelsLast;
        draft.input.dims = sizes([shape.height, shape.width, shape.channels]);
        draft.output.layout = Layout::ChannelsLast;
        draft.output.dims = sizes([height, width, outputs]);
        draft.output.quantisation.zero_point = zero_point;
        compare(&draft, &mut rng, seed);
    }
}

#[test]
fn networks_of_several_layers() {
    for seed in 0..1_000 {
        let mut rng = Rng::with_seed(seed);
        let kinds: Vec<u8> = (0..rng.usize(0..8)).map(|_| rng.u8(0..7)).collect();
        compare(&random::draft(&mut rng, &kinds), &mut rng, seed);
    }
}

/// As many terms as the format allows, of the greatest products: the halves of a word still hold.
#[test]
fn the_greatest_sums_fit() {
    use int8_network::{DraftLayer, DraftWeights, Layout, Shape, TAPS_MAX, Window};
    let channels = u16::try_from(TAPS_MAX / 3).expect("fits");
    let taps = 3 * usize::from(channels);
    for (weight, value) in [(127, 10.0), (-127, 10.0), (127, -10.0), (-127, -10.0)] {
        let mut draft = random::draft(&mut Rng::with_seed(1), &[]);
        draft.finish = Finish::None;
        draft.input_shape = Shape {
            height: 1,
            width: 4,
            channels,
        };
        draft.input.dims = int8_network::Dims::new(&[4, channels.into()]).expect("two");
        draft.input.layout = Layout::ChannelsLast;
        draft.input.quantisation.scale = 0.001;
        draft.input.quantisation.zero_point = 0;
        draft.output.dims = int8_network::Dims::new(&[2]).expect("one");
        draft.output.quantisation.scale = 1.0;
        draft.output.quantisation.zero_point = 0;
        let quantised = int8_network::Quantised {
            zero_point: 0,
            clamp: int8_network::Clamp::NONE,
        };
        draft.layers = vec![DraftLayer::Convolution(
            Window {
                kernel: [1, 3],
                stride: [1, 1],
                dilation: [1, 1],
                padding_before: [0, 0],
                padding_after: [0, 0],
            },
            DraftWeights {
                weights: vec![weight; taps],
                biases: vec![0],
                factors: vec![100.0 / f64::from(1_u32 << 31)],
                quantised,
            },
        )];
        let file = draft.write().expect("a network");
        let output = run(&file, &vec![value; 4 * usize::from(channels)], 0).expect("runs");
        let expected = reference::run(&draft, &vec![value; 4 * usize::from(channels)]);
        assert_eq!(output, expected);
        assert!(output.iter().all(|value| value.abs() > 90.0), "{output:?}");
    }
}

#[test]
fn a_factor_keeps_31_bits() {
    let mut rng = Rng::with_seed(3);
    for _ in 0..100_000 {
        let factor = (1.0 + rng.f64()) * 2.0_f64.powi(rng.i32(-30..29));
        let requantise = Requantise::of(factor).expect("a factor");
        let stands_for = f64::from(requantise.multiplier) / 2.0_f64.powi(requantise.shift.into());
        assert!((stands_for - factor).abs() <= factor * 2.0_f64.powi(-31));
    }
}

#[test]
fn factors_that_are_none() {
    for factor in [-1.0, f64::NAN, f64::INFINITY, 2.0_f64.powi(30)] {
        assert_eq!(Requantise::of(factor), None, "{factor}");
    }
    for factor in [0.0, f64::MIN_POSITIVE / 2.0, 2.0_f64.powi(-40)] {
        let requantise = Requantise::of(factor).expect("too small to matter");
        assert_eq!(requantise.multiplier, 0, "{factor}");
    }
    let half = Requantise::of(0.5).expect("a factor");
    assert_eq!((half.multiplier, half.shift), (1 << 30, 31));
    let almost_one = Requantise::of(1.0 - f64::EPSILON / 2.0).expect("a factor");
    assert_eq!((almost_one.multiplier, almost_one.shift), (1 << 30, 30));
}
