//! Where `f32` becomes `i8` and back.

use crate::{Edge, Fault, Layout, Quantisation, Shape, exponential::exponential};

/// What is added to a float below 2²² to round it to an integer, half to even: 1.5 × 2²³.
const ROUND: f32 = 12_582_912.0;
/// Beyond this, every zero point saturates.
const QUANTISED_MAX: f32 = 512.0;

/// Sizes of a shape, as lengths of slices.
#[derive(Clone, Copy)]
struct Sizes {
    positions: usize,
    channels: usize,
}

impl Sizes {
    fn of(shape: Shape) -> Self {
        Self {
            positions: usize::from(shape.height) * usize::from(shape.width),
            channels: usize::from(shape.channels),
        }
    }

    /// Where outside a position's first channel lies, and how far it is to the next channel.
    fn stride(self, layout: Layout, position: usize) -> (usize, usize) {
        match layout {
            Layout::ChannelsFirst => (position, self.positions),
            Layout::ChannelsLast => (position * self.channels, 1),
        }
    }
}

/// Fills activations from the input.
pub(crate) fn quantise(
    edge: &Edge,
    shape: Shape,
    outside: &[f32],
    inside: &mut [i8],
) -> Result<(), Fault> {
    if outside.len() != inside.len() {
        return Err(Fault::Memory);
    }
    let sizes = Sizes::of(shape);
    match edge.layout {
        Layout::ChannelsFirst => {
            for (channel, plane) in outside.chunks_exact(sizes.positions).enumerate() {
                for (position, value) in plane.iter().enumerate() {
                    if let Some(slot) = inside.get_mut(position * sizes.channels + channel) {
                        *slot = edge.quantisation.quantise(*value);
                    }
                }
            }
        }
        Layout::ChannelsLast => {
            for (slot, value) in inside.iter_mut().zip(outside) {
                *slot = edge.quantisation.quantise(*value);
            }
        }
    }
    Ok(())
}

/// Fills the output from activations.
pub(crate) fn dequantise(
    edge: &Edge,
    shape: Shape,
    inside: &[i8],
    outside: &mut [f32],
) -> Result<(), Fault> {
    if outside.len() != inside.len() {
        return Err(Fault::Memory);
    }
    let sizes = Sizes::of(shape);
    for (position, values) in inside.chunks_exact(sizes.channels).enumerate() {
        let (first, step) = sizes.stride(edge.layout, position);
        for (channel, value) in values.iter().enumerate() {
            if let Some(slot) = outside.get_mut(first + channel * step) {
                *slot = edge.quantisation.dequantise(*value);
            }
        }
    }
    Ok(())
}

/// Makes probabilities of the logits of each position: `exp(x − max) / Σ exp(x − max)`, summed in the
/// order of the channels.
pub(crate) fn softmax(layout: Layout, shape: Shape, outside: &mut [f32]) {
    let sizes = Sizes::of(shape);
    for position in 0..sizes.positions {
        let (first, step) = sizes.stride(layout, position);
        let Some(rest) = outside.get_mut(first..) else {
            return;
        };
        let logits = rest.iter().step_by(step).take(sizes.channels);
        let greatest = logits.fold(f32::NEG_INFINITY, |greatest, logit| greatest.max(*logit));
        let mut sum = 0.0;
        for logit in rest.iter_mut().step_by(step).take(sizes.channels) {
            *logit = exponential(*logit - greatest);
            sum += *logit;
        }
        for share in rest.iter_mut().step_by(step).take(sizes.channels) {
            *share /= sum;
        }
    }
}

impl Quantisation {
    /// `round(value / scale) + zero_point`, half to even, saturated; NaN gives the zero point.
    #[must_use]
    pub fn quantise(self, value: f32) -> i8 {
        let steps = value / self.scale;
        if steps.is_nan() {
            return self.zero_point;
        }
        let rounded = steps.clamp(-QUANTISED_MAX, QUANTISED_MAX) + ROUND;
        let steps = rounded.to_bits().wrapping_sub(ROUND.to_bits());
        let value = steps.cast_signed() + i32::from(self.zero_point);
        narrow(value.clamp(i8::MIN.into(), i8::MAX.into()))
    }

    /// `scale × (value − zero_point)`.
    #[must_use]
    pub fn dequantise(self, value: i8) -> f32 {
        let steps = i16::from(value) - i16::from(self.zero_point);
        self.scale * f32::from(steps)
    }
}

#[expect(clippy::as_conversions, reason = "clamped to what 8 bits hold")]
#[inline(always)]
fn narrow(value: i32) -> i8 {
    value as i8
}
