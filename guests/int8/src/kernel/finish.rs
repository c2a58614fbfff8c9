#![expect(
    clippy::as_conversions,
    reason = "clamped to what 8 bits hold; halves of a word"
)]

use crate::{
    Clamp, Quantised,
    sections::{BLOCK, Channel, Channels},
};

/// The outputs of a layer, as wide as they are computed.
#[derive(Clone, Copy)]
pub(super) struct Target {
    zero_point: i64,
    min: i64,
    max: i64,
}

impl Target {
    pub(super) fn new(quantised: Quantised) -> Self {
        Self {
            zero_point: quantised.zero_point.into(),
            min: quantised.clamp.min.into(),
            max: quantised.clamp.max.into(),
        }
    }

    /// Of values that have their zero point already.
    pub(super) fn clamp(clamp: Clamp) -> Self {
        Self::new(Quantised {
            zero_point: 0,
            clamp,
        })
    }

    /// Makes an output of what was requantised.
    #[inline(always)]
    pub(super) fn narrow(self, value: i64) -> i8 {
        let value = value.wrapping_add(self.zero_point);
        value.min(self.max).max(self.min) as i8
    }

    /// Makes an output of a sum.
    #[inline(always)]
    fn output(self, sum: i32, channel: Channel) -> i8 {
        let sum = sum.wrapping_add(channel.bias);
        self.narrow(channel.requantise.apply(sum))
    }

    /// Makes outputs of the sums of a block.
    #[inline(always)]
    pub(super) fn block(
        self,
        sums: [i32; BLOCK],
        channels: [Channel; BLOCK],
        output: &mut [i8; BLOCK],
    ) {
        output[0] = self.output(sums[0], channels[0]);
        output[1] = self.output(sums[1], channels[1]);
        output[2] = self.output(sums[2], channels[2]);
        output[3] = self.output(sums[3], channels[3]);
    }

    /// Makes outputs of the sums of the last block, which may have fewer outputs.
    pub(super) fn rest(
        self,
        sums: impl IntoIterator<Item = i32>,
        channels: Channels<'_>,
        output: &mut [i8],
    ) {
        for ((slot, sum), channel) in output.iter_mut().zip(sums).zip(channels.iter()) {
            *slot = self.output(sum, channel);
        }
    }
}

/// The low half of a word that holds a sum, which fits it: see [`TAPS_MAX`](crate::TAPS_MAX).
#[inline(always)]
pub(super) fn low(word: i64) -> i32 {
    word as i32
}
