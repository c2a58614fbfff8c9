use crate::{
    Clamp, Quantised, requantise,
    sections::{Channel, Channels},
};

/// Makes an output of a sum.
#[inline(always)]
pub(super) fn finish(sum: i32, channel: Channel, quantised: Quantised) -> i8 {
    let value = channel.requantise.apply(sum.wrapping_add(channel.bias));
    clamped(value + i64::from(quantised.zero_point), quantised.clamp)
}

/// Makes outputs of the sums of a block; the last block may have fewer outputs than sums.
pub(super) fn block(
    sums: impl Iterator<Item = i32>,
    channels: Channels<'_>,
    quantised: Quantised,
    output: &mut [i8],
) {
    for ((slot, sum), channel) in output.iter_mut().zip(sums).zip(channels.iter()) {
        *slot = finish(sum, channel, quantised);
    }
}

#[inline(always)]
pub(super) fn clamped(value: i64, clamp: Clamp) -> i8 {
    requantise::narrow(value.clamp(clamp.min.into(), clamp.max.into()))
}
