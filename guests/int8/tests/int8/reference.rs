//! The layers as the specification words them, in wide integers and one element at a time: weights
//! not reordered, zero points not folded in, padding an element that is 0.

use int8_network::{
    Averaging, Clamp, Draft, DraftLayer, DraftWeights, Finish, Layout, Requantise, Shape, Window,
};

/// Activations of one tensor, channels last.
#[derive(Debug, Clone)]
struct Tensor {
    shape: Shape,
    zero_point: i8,
    values: Vec<i64>,
}

impl Tensor {
    fn index(&self, y: i64, x: i64, channel: u16) -> Option<usize> {
        let inside = (0..i64::from(self.shape.height)).contains(&y)
            && (0..i64::from(self.shape.width)).contains(&x);
        let index = (y * i64::from(self.shape.width) + x) * i64::from(self.shape.channels);
        inside.then(|| usize::try_from(index).expect("inside") + usize::from(channel))
    }

    /// The element without its zero point; none in the padding.
    fn real(&self, y: i64, x: i64, channel: u16) -> Option<i64> {
        let index = self.index(y, x, channel)?;
        Some(self.values[index] - i64::from(self.zero_point))
    }
}

/// What a network gives for an input.
pub(crate) fn run(draft: &Draft, input: &[f32]) -> Vec<f32> {
    let quantisation = draft.input.quantisation;
    let shape = draft.input_shape;
    let mut tensor = Tensor {
        shape,
        zero_point: quantisation.zero_point,
        values: vec![0; input.len()],
    };
    for (inside, outside) in order(shape, draft.input.layout) {
        let steps = (input[outside] / quantisation.scale).round_ties_even();
        let value = f64::from(steps) + f64::from(quantisation.zero_point);
        tensor.values[inside] = whole(value.clamp(-128.0, 127.0));
    }
    for layer in &draft.layers {
        tensor = step(layer, &tensor);
    }
    let quantisation = draft.output.quantisation;
    let mut output = vec![0.0; tensor.values.len()];
    let order = order(tensor.shape, draft.output.layout);
    for (inside, outside) in &order {
        let steps = tensor.values[*inside] - i64::from(quantisation.zero_point);
        let steps = i16::try_from(steps).expect("nine bits");
        output[*outside] = quantisation.scale * f32::from(steps);
    }
    if draft.finish == Finish::Softmax {
        let channels = usize::from(tensor.shape.channels);
        for position in order.chunks(channels) {
            let logits = position
                .iter()
                .map(|(_, outside)| f64::from(output[*outside]));
            let greatest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
            let shares: Vec<f64> = logits.map(|logit| (logit - greatest).exp()).collect();
            let sum: f64 = shares.iter().sum();
            for ((_, outside), share) in position.iter().zip(shares) {
                output[*outside] = narrow(share / sum);
            }
        }
    }
    output
}

/// For each element inside, where it lies outside; position by position.
fn order(shape: Shape, layout: Layout) -> Vec<(usize, usize)> {
    let channels = usize::from(shape.channels);
    let positions = usize::from(shape.height) * usize::from(shape.width);
    (0..positions * channels)
        .map(|inside| {
            let (position, channel) = (inside / channels, inside % channels);
            match layout {
                Layout::ChannelsFirst => (inside, channel * positions + position),
                Layout::ChannelsLast => (inside, inside),
            }
        })
        .collect()
}

/// Shape and zero point behind a layer.
pub(crate) fn output(layer: &DraftLayer, input: Shape, zero_point: i8) -> (Shape, i8) {
    let windowed = |window: &Window, channels| {
        let [height, width] = window.output(input).expect("fits");
        Shape {
            height,
            width,
            channels,
        }
    };
    let outputs = |it: &DraftWeights| u16::try_from(it.biases.len()).expect("few");
    match layer {
        DraftLayer::Dense(it) => (Shape::vector(outputs(it)), it.quantised.zero_point),
        DraftLayer::Convolution(window, it) | DraftLayer::Depthwise(window, it) => {
            (windowed(window, outputs(it)), it.quantised.zero_point)
        }
        DraftLayer::MaxPool(window, _) | DraftLayer::AveragePool(window, ..) => {
            (windowed(window, input.channels), zero_point)
        }
        DraftLayer::Mean { quantised, .. } => (Shape::vector(input.channels), quantised.zero_point),
        DraftLayer::Reshape(shape) => (*shape, zero_point),
    }
}

fn step(layer: &DraftLayer, input: &Tensor) -> Tensor {
    let (shape, zero_point) = output(layer, input.shape, input.zero_point);
    let mut values = Vec::new();
    for y in 0..shape.height {
        for x in 0..shape.width {
            for channel in 0..shape.channels {
                values.push(element(layer, input, [y, x], channel));
            }
        }
    }
    if let DraftLayer::Reshape(_) = layer {
        values.clone_from(&input.values);
    }
    Tensor {
        shape,
        zero_point,
        values,
    }
}

fn element(layer: &DraftLayer, input: &Tensor, at: [u16; 2], channel: u16) -> i64 {
    let output = usize::from(channel);
    match layer {
        DraftLayer::Dense(it) => {
            let row = it.weights.chunks(input.values.len()).nth(output);
            let terms = row.expect("a row").iter().zip(&input.values);
            let zero_point = i64::from(input.zero_point);
            finish(
                it,
                output,
                terms.map(|(w, x)| i64::from(*w) * (x - zero_point)).sum(),
            )
        }
        DraftLayer::Convolution(window, it) => {
            let taps = taps(window, at);
            let mut weights = it.weights[output * taps.len() * channels(input)..].iter();
            let mut sum = 0;
            for (y, x) in taps {
                for channel in 0..input.shape.channels {
                    let weight = i64::from(*weights.next().expect("a weight"));
                    sum += weight * input.real(y, x, channel).unwrap_or(0);
                }
            }
            finish(it, output, sum)
        }
        DraftLayer::Depthwise(window, it) => {
            let weights = it.weights.iter().skip(output).step_by(channels(input));
            let terms = taps(window, at).into_iter().zip(weights);
            let products =
                terms.map(|((y, x), w)| i64::from(*w) * input.real(y, x, channel).unwrap_or(0));
            finish(it, output, products.sum())
        }
        DraftLayer::MaxPool(window, clamp) => {
            let greatest = inside(input, window, at, channel).max().expect("one");
            clamped(greatest + i64::from(input.zero_point), *clamp)
        }
        DraftLayer::AveragePool(window, averaging, clamp) => {
            let sum = inside(input, window, at, channel).sum::<i64>();
            let count = match averaging {
                Averaging::Inside => inside(input, window, at, channel).count(),
                Averaging::Window => taps(window, at).len(),
            };
            // The zero point belongs to what is averaged: rounding goes away from the stored 0.
            let count = i64::try_from(count).expect("few");
            let stored = sum + count * i64::from(input.zero_point);
            let magnitude = (2 * stored.abs() + count).div_euclid(2 * count);
            clamped(magnitude * stored.signum(), *clamp)
        }
        DraftLayer::Mean { factor, quantised } => {
            let positions = input.shape.positions();
            let all = input.values.iter().skip(output).step_by(channels(input));
            let sum: i64 = all.map(|x| x - i64::from(input.zero_point)).sum();
            let positions = f64::from(u32::try_from(positions).expect("few"));
            let value = scaled(sum, factor / positions) + i64::from(quantised.zero_point);
            clamped(value, quantised.clamp)
        }
        DraftLayer::Reshape(_) => 0,
    }
}

fn channels(input: &Tensor) -> usize {
    usize::from(input.shape.channels)
}

/// Where the elements of a window lie, row by row.
fn taps(window: &Window, [y, x]: [u16; 2]) -> Vec<(i64, i64)> {
    let along = |axis: usize, step: u16, tap: u16| {
        i64::from(step) * i64::from(window.stride[axis])
            + i64::from(tap) * i64::from(window.dilation[axis])
            - i64::from(window.padding_before[axis])
    };
    let columns = 0..window.kernel[1];
    (0..window.kernel[0])
        .flat_map(|row| columns.clone().map(move |column| (row, column)))
        .map(|(row, column)| (along(0, y, row), along(1, x, column)))
        .collect()
}

/// The elements of a window that are no padding.
fn inside(
    input: &Tensor,
    window: &Window,
    at: [u16; 2],
    channel: u16,
) -> impl Iterator<Item = i64> {
    let taps = taps(window, at).into_iter();
    taps.filter_map(move |(y, x)| input.real(y, x, channel))
}

fn finish(weights: &DraftWeights, output: usize, sum: i64) -> i64 {
    let sum = sum + i64::from(weights.biases[output]);
    let value = scaled(sum, weights.factors[output]);
    let quantised = weights.quantised;
    clamped(value + i64::from(quantised.zero_point), quantised.clamp)
}

/// `MultiplyByQuantizedMultiplier` with one rounding, in integers that nothing overflows.
fn scaled(sum: i64, factor: f64) -> i64 {
    let requantise = Requantise::of(factor).expect("a factor");
    let product = i128::from(sum) * i128::from(requantise.multiplier);
    let rounded = product + (1_i128 << (requantise.shift - 1));
    i64::try_from(rounded >> requantise.shift).expect("small")
}

fn clamped(value: i64, clamp: Clamp) -> i64 {
    value.clamp(clamp.min.into(), clamp.max.into())
}

#[expect(clippy::as_conversions, reason = "a whole number of eight bits")]
fn whole(value: f64) -> i64 {
    value as i64
}

#[expect(clippy::as_conversions, reason = "rounds")]
fn narrow(value: f64) -> f32 {
    value as f32
}
