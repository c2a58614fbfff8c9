use alloc::vec::Vec;

use super::{Draft, DraftError, DraftLayer, DraftWeights};
use crate::{Place, SECTION_ALIGN, Shape};

/// Where the activations lie.
pub(super) struct Places {
    pub(super) input_at: u32,
    pub(super) activation_bytes: u32,
    /// What each layer reads; only shape and zero point matter to the writer.
    pub(super) inputs: Vec<Place>,
    /// Where each layer writes.
    pub(super) outputs: Vec<u32>,
}

/// Each layer reads what the one before it wrote, so two tensors live at a time: one at the bottom of
/// the activations, the next at the top. The greatest neighbours decide the size.
pub(super) fn places(draft: &Draft) -> Result<Places, DraftError> {
    let mut tensors = Vec::from([Place {
        at: 0,
        shape: draft.input_shape,
        zero_point: draft.input.quantisation.zero_point,
    }]);
    for (index, layer) in draft.layers.iter().enumerate() {
        let input = tensors[index];
        let (shape, zero_point) =
            output(layer, input).map_err(|words| DraftError::Layer { index, words })?;
        tensors.push(Place {
            at: 0,
            shape,
            zero_point,
        });
    }
    let bytes: Vec<u32> = tensors
        .iter()
        .map(|tensor| u32::try_from(tensor.shape.elements()).map_err(|_| DraftError::TooLarge))
        .collect::<Result<_, _>>()?;
    let greatest = sums(draft, &bytes).max().unwrap_or(0);
    let total = greatest.max(u64::from(bytes[0]));
    let align = u64::try_from(SECTION_ALIGN).map_err(|_| DraftError::TooLarge)?;
    let total = total.next_multiple_of(align);
    let activation_bytes = u32::try_from(total).map_err(|_| DraftError::TooLarge)?;

    let mut at_top = false;
    let mut outputs = Vec::new();
    for (layer, bytes) in draft.layers.iter().zip(&bytes[1..]) {
        at_top ^= !matches!(layer, DraftLayer::Reshape(_));
        outputs.push(if at_top { activation_bytes - bytes } else { 0 });
    }
    tensors.pop();
    Ok(Places {
        input_at: 0,
        activation_bytes,
        inputs: tensors,
        outputs,
    })
}

/// The bytes that each layer's input and output need together.
fn sums(draft: &Draft, bytes: &[u32]) -> impl Iterator<Item = u64> {
    let pairs = bytes.windows(2).zip(&draft.layers);
    pairs.map(|(pair, layer)| match layer {
        DraftLayer::Reshape(_) => u64::from(pair[0]),
        DraftLayer::Dense(_)
        | DraftLayer::Convolution(..)
        | DraftLayer::Depthwise(..)
        | DraftLayer::MaxPool(..)
        | DraftLayer::AveragePool(..)
        | DraftLayer::Mean { .. } => u64::from(pair[0]) + u64::from(pair[1]),
    })
}

/// The shape and zero point of a layer's output.
fn output(layer: &DraftLayer, input: Place) -> Result<(Shape, i8), &'static str> {
    let windowed = |window: &crate::Window, channels| {
        let [height, width] = window
            .output(input.shape)
            .ok_or("its window does not fit its input")?;
        Ok::<_, &'static str>(Shape {
            height,
            width,
            channels,
        })
    };
    let channels = input.shape.channels;
    Ok(match layer {
        DraftLayer::Dense(it) => (Shape::vector(outputs(it)?), it.quantised.zero_point),
        DraftLayer::Convolution(window, it) => {
            (windowed(window, outputs(it)?)?, it.quantised.zero_point)
        }
        DraftLayer::Depthwise(window, it) => (windowed(window, channels)?, it.quantised.zero_point),
        DraftLayer::MaxPool(window, _) | DraftLayer::AveragePool(window, ..) => {
            (windowed(window, channels)?, input.zero_point)
        }
        DraftLayer::Mean { quantised, .. } => (Shape::vector(channels), quantised.zero_point),
        DraftLayer::Reshape(shape) => (*shape, input.zero_point),
    })
}

pub(super) fn outputs(weights: &DraftWeights) -> Result<u16, &'static str> {
    u16::try_from(weights.biases.len()).map_err(|_| "it has more than 65 535 outputs")
}
