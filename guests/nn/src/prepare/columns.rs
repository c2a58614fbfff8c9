//! Along the rows: several pixels of one row become one.

use super::{
    rows::ROW_BITS,
    taps::{Taps, WEIGHT_BITS},
};

/// A sum: a level of 0 to 255 with so many bits behind the point.
pub(super) const SUM_BITS: u32 = WEIGHT_BITS + ROW_BITS;

/// Elements behind the last pixel of a row that may be read. Their weight is 0.
pub(super) const SLACK: usize = 8;

/// The sums of one row: all of the first channel, then all of the second.
///
/// `row` has its pixels with their channels side by side, and [`SLACK`] elements more.
pub(super) fn resample(row: &[i16], taps: &Taps, channels: usize, sums: &mut [i32]) {
    if channels == 3 {
        let (red, rest) = sums.split_at_mut(sums.len() / 3);
        let (green, blue) = rest.split_at_mut(rest.len() / 2);
        colours::resample(row, taps, [red, green, blue]);
    } else {
        for (tap, sum) in taps.iter().zip(sums) {
            let weighted = tap.pairs.iter().zip(row[tap.start..].chunks(2));
            *sum = weighted
                .map(|(weights, pixels)| dot(weights, pixels[0], pixels[1]))
                .sum();
        }
    }
}

fn dot(weights: &[i16; 2], first: i16, second: i16) -> i32 {
    i32::from(weights[0]) * i32::from(first) + i32::from(weights[1]) * i32::from(second)
}

#[cfg(target_feature = "simd128")]
mod colours {
    use core::arch::wasm32::{
        i16x8_shuffle, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_shuffle, i32x4_splat,
        v128,
    };

    use super::{SLACK, Taps};

    /// Pixels whose sums fill the vectors of the three channels.
    const PIXELS: usize = 4;
    /// Elements of two pixels.
    const STEP: usize = 6;

    /// The usual numbers of pairs are unrolled.
    pub(super) fn resample(row: &[i16], taps: &Taps, sums: [&mut [i32]; 3]) {
        let starts = taps.starts();
        let (pairs, each) = taps.pairs();
        let from = |place: usize| &row[starts[place] * 3..];
        match each {
            1 => write(sums, |place| unrolled::<1>(from(place), pairs, place)),
            2 => write(sums, |place| unrolled::<2>(from(place), pairs, place)),
            3 => write(sums, |place| unrolled::<3>(from(place), pairs, place)),
            4 => write(sums, |place| unrolled::<4>(from(place), pairs, place)),
            _ => write(sums, |place| {
                let pixels = from(place).windows(SLACK).step_by(STEP);
                let weights = &pairs[place * each..][..each];
                weights
                    .iter()
                    .zip(pixels)
                    .fold(i32x4_splat(0), |sum, (weights, pixels)| {
                        i32x4_add(sum, weighted(weights, pixels))
                    })
            }),
        }
    }

    /// Writes the sums that `pixel` gives: red, green, blue, and what is not read.
    #[inline(always)]
    fn write(sums: [&mut [i32]; 3], pixel: impl Fn(usize) -> v128) {
        let [red, green, blue] = sums.map(|sums| sums.as_chunks_mut::<PIXELS>());
        let done = red.0.len() * PIXELS;
        let fours = red.0.iter_mut().zip(green.0).zip(blue.0).enumerate();
        for (at, ((red, green), blue)) in fours {
            let at = at * PIXELS;
            let (a, b, c, d) = (pixel(at), pixel(at + 1), pixel(at + 2), pixel(at + 3));
            let ab = i32x4_shuffle::<0, 4, 1, 5>(a, b);
            let cd = i32x4_shuffle::<0, 4, 1, 5>(c, d);
            *red = bytemuck::cast(i32x4_shuffle::<0, 1, 4, 5>(ab, cd));
            *green = bytemuck::cast(i32x4_shuffle::<2, 3, 6, 7>(ab, cd));
            let ab = i32x4_shuffle::<2, 6, 2, 6>(a, b);
            let cd = i32x4_shuffle::<2, 6, 2, 6>(c, d);
            *blue = bytemuck::cast(i32x4_shuffle::<0, 1, 4, 5>(ab, cd));
        }
        let rest = red.1.iter_mut().zip(green.1).zip(blue.1).enumerate();
        for (at, ((red, green), blue)) in rest {
            let sums = pixel(done + at);
            *red = i32x4_extract_lane::<0>(sums);
            *green = i32x4_extract_lane::<1>(sums);
            *blue = i32x4_extract_lane::<2>(sums);
        }
    }

    #[inline(always)]
    fn unrolled<const PAIRS: usize>(row: &[i16], pairs: &[[i16; 2]], place: usize) -> v128 {
        let row = &row[..PAIRS * STEP + SLACK - STEP];
        let weights = &pairs.as_chunks::<PAIRS>().0[place];
        let mut sum = i32x4_splat(0);
        for (pair, weights) in weights.iter().enumerate() {
            sum = i32x4_add(sum, weighted(weights, &row[pair * STEP..][..SLACK]));
        }
        sum
    }

    /// Two pixels, each times its weight.
    #[inline(always)]
    fn weighted(weights: &[i16; 2], pixels: &[i16]) -> v128 {
        let pixels: v128 = bytemuck::pod_read_unaligned(bytemuck::cast_slice(pixels));
        let pixels = i16x8_shuffle::<0, 3, 1, 4, 2, 5, 6, 7>(pixels, pixels);
        i32x4_dot_i16x8(pixels, i32x4_splat(bytemuck::cast(*weights)))
    }
}

#[cfg(not(target_feature = "simd128"))]
mod colours {
    use super::{Taps, dot};

    pub(super) fn resample(row: &[i16], taps: &Taps, sums: [&mut [i32]; 3]) {
        let [red, green, blue] = sums;
        let targets = red.iter_mut().zip(green).zip(blue);
        for (tap, ((red, green), blue)) in taps.iter().zip(targets) {
            let mut sums = [0; 3];
            for (weights, pixels) in tap.pairs.iter().zip(row[tap.start * 3..].chunks(6)) {
                sums[0] += dot(weights, pixels[0], pixels[3]);
                sums[1] += dot(weights, pixels[1], pixels[4]);
                sums[2] += dot(weights, pixels[2], pixels[5]);
            }
            (*red, *green, *blue) = (sums[0], sums[1], sums[2]);
        }
    }
}
