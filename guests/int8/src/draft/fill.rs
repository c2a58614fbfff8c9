use alloc::{vec, vec::Vec};

use super::{
    BLOCK, Channel, DraftLayer, DraftWeights, Operator, Requantise, Sections, Weights, plan,
};
use crate::{Place, Window};

const FACTOR: &str = "a factor is negative, not finite, or too large";

/// The record of a layer; its weights go to the sections.
pub(super) fn operator(
    layer: &DraftLayer,
    input: Place,
    sections: &mut Sections,
) -> Result<Operator, &'static str> {
    let elements = usize::try_from(input.shape.elements()).map_err(|_| "its input is too large")?;
    let channels = usize::from(input.shape.channels);
    let zero_point = i32::from(input.zero_point);
    Ok(match layer {
        DraftLayer::Dense(it) => Operator::Dense(rows(it, elements, zero_point, sections)?),
        DraftLayer::Convolution(window, it) => {
            let positions = positions(window)?;
            let taps = positions
                .checked_mul(channels)
                .ok_or("its window is too large")?;
            Operator::Convolution(*window, rows(it, taps, zero_point, sections)?)
        }
        DraftLayer::Depthwise(window, it) => {
            let positions = positions(window)?;
            Operator::Depthwise(*window, columns(it, positions, zero_point, sections)?)
        }
        DraftLayer::MaxPool(window, clamp) => Operator::MaxPool(*window, *clamp),
        DraftLayer::AveragePool(window, averaging, clamp) => {
            Operator::AveragePool(*window, *averaging, *clamp)
        }
        DraftLayer::Mean { factor, quantised } => {
            let positions = u32::try_from(input.shape.positions()).map_err(|_| FACTOR)?;
            let requantise = Requantise::of(factor / f64::from(positions)).ok_or(FACTOR)?;
            Operator::Mean(requantise, *quantised)
        }
        DraftLayer::Reshape(shape) => Operator::Reshape(*shape),
    })
}

fn positions(window: &Window) -> Result<usize, &'static str> {
    usize::try_from(window.positions()).map_err(|_| "its window is too large")
}

/// Weights that come one output after the other, as blocks of four outputs side by side.
fn rows(
    draft: &DraftWeights,
    taps: usize,
    zero_point: i32,
    sections: &mut Sections,
) -> Result<Weights, &'static str> {
    check(draft, taps)?;
    let sums: Vec<i32> = draft.weights.chunks(taps.max(1)).map(sum).collect();
    let blocks = draft.biases.len().div_ceil(BLOCK);
    let mut bytes = vec![0; blocks * BLOCK * taps];
    for (output, row) in draft.weights.chunks(taps.max(1)).enumerate() {
        let first = output / BLOCK * BLOCK * taps + output % BLOCK;
        for (tap, weight) in row.iter().enumerate() {
            bytes[first + tap * BLOCK] = weight.cast_unsigned();
        }
    }
    finish(draft, &sums, zero_point, &bytes, sections)
}

/// Weights that come one position of the window after the other, in the order of [`rows`].
fn columns(
    draft: &DraftWeights,
    taps: usize,
    zero_point: i32,
    sections: &mut Sections,
) -> Result<Weights, &'static str> {
    check(draft, taps)?;
    let channels = draft.biases.len();
    let column = |channel| {
        draft
            .weights
            .iter()
            .skip(channel)
            .step_by(channels)
            .copied()
    };
    let turned = DraftWeights {
        weights: (0..channels).flat_map(column).collect(),
        ..draft.clone()
    };
    rows(&turned, taps, zero_point, sections)
}

fn check(draft: &DraftWeights, taps: usize) -> Result<(), &'static str> {
    let outputs = draft.biases.len();
    if draft.factors.len() != outputs {
        return Err("it has not as many factors as biases");
    }
    if outputs.checked_mul(taps) != Some(draft.weights.len()) {
        return Err("its weights are not as many as its outputs need");
    }
    if draft.weights.contains(&i8::MIN) {
        return Err("a weight is −128: weights are symmetric");
    }
    Ok(())
}

/// The zero point of the input is folded into the biases: Σ w (x − z) + b = Σ w x + (b − z Σ w).
fn finish(
    draft: &DraftWeights,
    sums: &[i32],
    zero_point: i32,
    weights: &[u8],
    sections: &mut Sections,
) -> Result<Weights, &'static str> {
    let mut records = Vec::new();
    for ((bias, factor), sum) in draft.biases.iter().zip(&draft.factors).zip(sums) {
        let folded = sum
            .checked_mul(zero_point)
            .and_then(|product| bias.checked_sub(product))
            .ok_or("a bias does not fit 32 bits")?;
        let channel = Channel {
            bias: folded,
            requantise: Requantise::of(*factor).ok_or(FACTOR)?,
        };
        records.extend_from_slice(&channel.to_bytes());
    }
    Ok(Weights {
        outputs: plan::outputs(draft)?,
        weights_at: sections.add(weights)?,
        channels_at: sections.add(&records)?,
        quantised: draft.quantised,
    })
}

fn sum(row: &[i8]) -> i32 {
    row.iter()
        .fold(0, |sum, weight| sum.wrapping_add((*weight).into()))
}
