use weir_profile::FloatPolicy;

use crate::{
    Layout, Reason,
    binding::{Frame, InputPlan},
    prepare::Target,
};

/// The values that a channel of a pixel may have.
const LEVELS: usize = 256;

/// Every level of every channel as the model takes it, prepared once: no message can meet a value that does not fit.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    /// [`LEVELS`] elements for each of the model's channels.
    elements: Vec<u8>,
    bytes: usize,
    channels: usize,
    order: Layout,
    blue_first: bool,
}

impl Levels {
    pub(super) fn new(plan: &InputPlan, frame: &Frame, blue_first: bool) -> Result<Self, Reason> {
        let mut elements = Vec::new();
        let levels: Vec<f64> = (0..frame.channels)
            .flat_map(|_| (0..=u8::MAX).map(f64::from))
            .collect();
        let target = Target {
            dtype: plan.dtype,
            floats: FloatPolicy::Finite,
            inner: LEVELS,
        };
        plan.preparation.write(&levels, target, &mut elements)?;
        Ok(Self {
            elements,
            bytes: plan.dtype.bytes(),
            channels: frame.channels,
            order: frame.order,
            blue_first,
        })
    }

    /// Lays pixels (gray, or red, green, blue) out as the model takes them.
    pub(super) fn lay(&self, pixels: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.reserve(pixels.len() * self.bytes);
        match self.bytes {
            1 => self.put::<1>(pixels, out),
            2 => self.put::<2>(pixels, out),
            4 => self.put::<4>(pixels, out),
            _ => self.put::<8>(pixels, out),
        }
    }

    fn put<const N: usize>(&self, pixels: &[u8], out: &mut Vec<u8>) {
        let elements = self.elements.as_chunks::<N>().0;
        let mut put = |channel: usize, pixel: &[u8]| {
            let sample = if self.blue_first {
                self.channels - 1 - channel
            } else {
                channel
            };
            let level = usize::from(pixel[sample]);
            out.extend_from_slice(&elements[channel * LEVELS + level]);
        };
        let pixels = pixels.chunks_exact(self.channels);
        match self.order {
            Layout::ChannelsFirst => (0..self.channels)
                .for_each(|channel| pixels.clone().for_each(|pixel| put(channel, pixel))),
            Layout::ChannelsLast => {
                pixels.for_each(|pixel| (0..self.channels).for_each(|channel| put(channel, pixel)))
            }
        }
    }
}
