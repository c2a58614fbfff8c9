//! Layers in floating point and ranges → the int8 network: per-channel symmetric weights, asymmetric activations, as
//! TensorFlow Lite's int8 specification has them.

use int8_network::{
    Clamp, Dims, Draft, DraftLayer, DraftWeights, Edge, Finish, Quantisation, Quantised, Shape,
};

use crate::{
    PackError,
    calibrate::{Calibration, RangeKind},
    lower::{FloatEdge, FloatLayer, FloatNet, Kind, Linear, Work},
};

/// A bias may take this much of the accumulator's range.
const BIAS_MAX: f64 = 1_073_741_823.0;

/// The network as the format writes it.
pub(crate) fn draft(
    net: &FloatNet,
    calibration: &Calibration,
    kind: RangeKind,
) -> Result<Draft, PackError> {
    let input = quantisation(calibration.range(&net.input.value, kind)?);
    let mut now = input;
    let mut layers = Vec::new();
    for layer in &net.layers {
        let next = if layer.has_own_range() {
            quantisation(calibration.range(&layer.value, kind)?)
        } else {
            now
        };
        layers.push(draft_layer(layer, now, next)?);
        now = next;
    }
    Ok(Draft {
        input: edge(&net.input, input)?,
        input_shape: net.input_shape,
        output: edge(&net.output, now)?,
        finish: if net.softmax {
            Finish::Softmax
        } else {
            Finish::None
        },
        layers,
    })
}

fn edge(edge: &FloatEdge, quantisation: Quantisation) -> Result<Edge, PackError> {
    let sizes: Option<Vec<u32>> = edge
        .dims
        .iter()
        .map(|size| u32::try_from(*size).ok())
        .collect();
    let dims = sizes.and_then(|sizes| Dims::new(&sizes));
    Ok(Edge {
        dims: dims.ok_or_else(|| PackError::Draft(format!("an edge has {:?}", edge.dims)))?,
        layout: edge.layout,
        quantisation,
    })
}

/// 256 steps over the range, one of them exactly 0.
fn quantisation((min, max): (f32, f32)) -> Quantisation {
    let width = f64::from(max) - f64::from(min);
    let width = if width < 1e-30 { 1.0 } else { width };
    let scale = single(width / 255.0);
    let zero_point = (-128.0 - f64::from(min) / f64::from(scale)).round();
    Quantisation {
        scale,
        zero_point: byte(zero_point),
    }
}

fn draft_layer(
    layer: &FloatLayer,
    now: Quantisation,
    next: Quantisation,
) -> Result<DraftLayer, PackError> {
    let clamp = clamp(layer.clamp, next);
    let quantised = Quantised {
        zero_point: next.zero_point,
        clamp,
    };
    Ok(match &layer.work {
        Work::Linear(linear) => {
            let weights = weights(&layer.node, linear, now, next, quantised)?;
            match linear.kind {
                Kind::Dense => DraftLayer::Dense(weights),
                Kind::Convolution(window) => DraftLayer::Convolution(window, weights),
                Kind::Depthwise(window) => DraftLayer::Depthwise(window, turned(weights, linear)),
            }
        }
        Work::MaxPool(window) => DraftLayer::MaxPool(*window, clamp),
        Work::AveragePool(window, averaging) => DraftLayer::AveragePool(*window, *averaging, clamp),
        Work::Mean => DraftLayer::Mean {
            factor: f64::from(now.scale) / f64::from(next.scale),
            quantised,
        },
        Work::Reshape => DraftLayer::Reshape(layer.output),
    })
}

fn clamp(bounds: Option<(f32, f32)>, quantisation: Quantisation) -> Clamp {
    let Some((min, max)) = bounds else {
        return Clamp::NONE;
    };
    Clamp {
        min: quantisation.quantise(min),
        max: quantisation.quantise(max),
    }
}

/// Each output's weights by their own scale, its bias by the scale of its sums.
fn weights(
    node: &str,
    linear: &Linear,
    now: Quantisation,
    next: Quantisation,
    quantised: Quantised,
) -> Result<DraftWeights, PackError> {
    let fault = |fault: &str| PackError::Weights {
        node: node.to_owned(),
        fault: fault.to_owned(),
    };
    let all = linear.weights.iter().chain(&linear.bias);
    if !all.copied().all(f32::is_finite) {
        return Err(fault("are not all finite"));
    }
    let (from, to) = (f64::from(now.scale), f64::from(next.scale));
    let mut draft = DraftWeights {
        weights: Vec::with_capacity(linear.weights.len()),
        biases: Vec::with_capacity(linear.bias.len()),
        factors: Vec::with_capacity(linear.bias.len()),
        quantised,
    };
    for (row, bias) in linear
        .weights
        .chunks_exact(linear.taps().max(1))
        .zip(&linear.bias)
    {
        let greatest = row
            .iter()
            .fold(0.0_f32, |max, weight| max.max(weight.abs()));
        let bias = f64::from(*bias);
        let least = bias.abs() / (from * BIAS_MAX);
        let scale = (f64::from(greatest) / 127.0).max(least).max(1e-30);
        let mut reach = 0_u64;
        for weight in row {
            let weight = byte((f64::from(*weight) / scale).round().clamp(-127.0, 127.0));
            reach += u64::from(weight.unsigned_abs());
            draft.weights.push(weight);
        }
        if reach.saturating_mul(256) > 1 << 30 {
            return Err(fault(
                "add up to more than 32 bits hold: too many terms in one sum",
            ));
        }
        draft.biases.push(word((bias / (from * scale)).round()));
        draft.factors.push(from * scale / to);
    }
    Ok(draft)
}

/// From one channel after the other to one position of the window after the other.
fn turned(mut draft: DraftWeights, linear: &Linear) -> DraftWeights {
    let taps = linear.taps();
    let channels = linear.bias.len();
    let order = (0..taps).flat_map(|tap| (0..channels).map(move |channel| channel * taps + tap));
    draft.weights = order.map(|at| draft.weights[at]).collect();
    draft
}

/// The shape of what goes in and comes out, in words.
pub(crate) fn shape_words(shape: Shape) -> String {
    format!("{} × {} × {}", shape.height, shape.width, shape.channels)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "rounded, and saturated by the conversion"
)]
const fn byte(value: f64) -> i8 {
    value as i8
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "rounded, and saturated by the conversion"
)]
const fn word(value: f64) -> i32 {
    value as i32
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a scale is an f32 in the file; everything is computed with what is written there"
)]
const fn single(value: f64) -> f32 {
    value as f32
}
