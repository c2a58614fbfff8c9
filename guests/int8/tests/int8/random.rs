//! Random networks.

use fastrand::Rng;
use int8_network::{
    Averaging, Clamp, Dims, Draft, DraftLayer, DraftWeights, Edge, Finish, Layout, Quantisation,
    Quantised, Shape, Window,
};

pub(crate) fn shape(rng: &mut Rng) -> Shape {
    Shape {
        height: if rng.bool() { 1 } else { rng.u16(1..8) },
        width: rng.u16(1..14),
        channels: rng.u16(1..11),
    }
}

/// A window that fits the input.
pub(crate) fn window(rng: &mut Rng, input: Shape, dilated: bool) -> Window {
    loop {
        let dilation = |rng: &mut Rng| if dilated { rng.u16(1..3) } else { 1 };
        let high = if input.height == 1 { 2 } else { 5 };
        let window = Window {
            kernel: [rng.u16(1..high), rng.u16(1..6)],
            stride: [rng.u16(1..3), rng.u16(1..4)],
            dilation: [dilation(rng), dilation(rng)],
            padding_before: [rng.u16(0..3), rng.u16(0..3)],
            padding_after: [rng.u16(0..3), rng.u16(0..3)],
        };
        if window.output(input).is_some() {
            return window;
        }
    }
}

pub(crate) fn weights(rng: &mut Rng, outputs: u16, taps: usize) -> DraftWeights {
    let outputs = usize::from(outputs);
    // Of this size, about half of the outputs are inside of eight bits.
    let size = f64::from(u32::try_from(taps).expect("few")).sqrt() * 5_000.0;
    DraftWeights {
        weights: (0..outputs * taps).map(|_| rng.i8(-127..)).collect(),
        biases: (0..outputs).map(|_| rng.i32(-9_999..9_999)).collect(),
        factors: (0..outputs)
            .map(|_| (0.1 + rng.f64()) * 100.0 / size)
            .collect(),
        quantised: Quantised {
            zero_point: rng.i8(..),
            clamp: clamp(rng),
        },
    }
}

pub(crate) fn clamp(rng: &mut Rng) -> Clamp {
    if rng.bool() {
        return Clamp::NONE;
    }
    let (a, b) = (rng.i8(..), rng.i8(..));
    Clamp {
        min: a.min(b),
        max: a.max(b),
    }
}

/// One layer that fits the input, of the kind with this number.
pub(crate) fn layer(rng: &mut Rng, kind: u8, input: Shape) -> DraftLayer {
    let elements = usize::try_from(input.elements()).expect("few");
    let positions = |window: &Window| usize::try_from(window.positions()).expect("few");
    let outputs = rng.u16(1..15);
    match kind {
        0 => DraftLayer::Dense(weights(rng, outputs, elements)),
        1 => {
            let window = window(rng, input, true);
            let taps = positions(&window) * usize::from(input.channels);
            DraftLayer::Convolution(window, weights(rng, outputs, taps))
        }
        2 => {
            let window = window(rng, input, true);
            let weights = weights(rng, input.channels, positions(&window));
            DraftLayer::Depthwise(window, weights)
        }
        3 => DraftLayer::MaxPool(window(rng, input, false), clamp(rng)),
        4 => {
            let averaging = if rng.bool() {
                Averaging::Inside
            } else {
                Averaging::Window
            };
            DraftLayer::AveragePool(window(rng, input, false), averaging, clamp(rng))
        }
        5 => DraftLayer::Mean {
            factor: 0.2 + 3.0 * rng.f64(),
            quantised: Quantised {
                zero_point: rng.i8(..),
                clamp: clamp(rng),
            },
        },
        _ => DraftLayer::Reshape(Shape::vector(input.channels * input.height * input.width)),
    }
}

/// A network of so many layers of any kind, or of the given kinds.
pub(crate) fn draft(rng: &mut Rng, kinds: &[u8]) -> Draft {
    let input_shape = shape(rng);
    let layout = |rng: &mut Rng| {
        if rng.bool() {
            Layout::ChannelsFirst
        } else {
            Layout::ChannelsLast
        }
    };
    let quantisation = |rng: &mut Rng, zero_point| Quantisation {
        scale: 0.01 + rng.f32(),
        zero_point,
    };
    let zero_point = rng.i8(..);
    let input = Edge {
        dims: outside(input_shape),
        layout: layout(rng),
        quantisation: quantisation(rng, zero_point),
    };
    let mut layers = Vec::new();
    let (mut shape, mut zero_point) = (input_shape, zero_point);
    for kind in kinds {
        let layer = layer(rng, *kind, shape);
        (shape, zero_point) = crate::reference::output(&layer, shape, zero_point);
        layers.push(layer);
    }
    let finish = if rng.bool() {
        Finish::None
    } else {
        Finish::Softmax
    };
    Draft {
        input,
        input_shape,
        output: Edge {
            dims: outside(shape),
            layout: layout(rng),
            quantisation: quantisation(rng, zero_point),
        },
        finish,
        layers,
    }
}

pub(crate) fn values(rng: &mut Rng, draft: &Draft) -> Vec<f32> {
    let range = 140.0 * draft.input.quantisation.scale;
    let value = |_| (2.0 * rng.f32() - 1.0) * range;
    (0..draft.input_shape.elements()).map(value).collect()
}

fn outside(shape: Shape) -> Dims {
    let sizes = [shape.channels, shape.height, shape.width].map(u32::from);
    Dims::new(&[1, sizes[0], sizes[1], sizes[2]]).expect("few")
}
