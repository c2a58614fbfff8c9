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

    use super::Taps;
    use crate::prepare::taps::Tap;

    const PIXELS: usize = 4;

    pub(super) fn resample(row: &[i16], taps: &Taps, sums: [&mut [i32]; 3]) {
        let [red, green, blue] = sums.map(|sums| sums.as_chunks_mut::<PIXELS>());
        let mut taps = taps.iter();
        let fours = red.0.iter_mut().zip(green.0).zip(blue.0);
        for ((red, green), blue) in fours {
            let mut next = || taps.next().map_or(i32x4_splat(0), |tap| pixel(row, tap));
            let (a, b, c, d) = (next(), next(), next(), next());
            let (ab, cd) = (
                i32x4_shuffle::<0, 4, 1, 5>(a, b),
                i32x4_shuffle::<0, 4, 1, 5>(c, d),
            );
            *red = bytemuck::cast(i32x4_shuffle::<0, 1, 4, 5>(ab, cd));
            *green = bytemuck::cast(i32x4_shuffle::<2, 3, 6, 7>(ab, cd));
            let (ab, cd) = (
                i32x4_shuffle::<2, 6, 2, 6>(a, b),
                i32x4_shuffle::<2, 6, 2, 6>(c, d),
            );
            *blue = bytemuck::cast(i32x4_shuffle::<0, 1, 4, 5>(ab, cd));
        }
        let rest = red.1.iter_mut().zip(green.1).zip(blue.1);
        for (((red, green), blue), tap) in rest.zip(taps) {
            let sums = pixel(row, tap);
            *red = i32x4_extract_lane::<0>(sums);
            *green = i32x4_extract_lane::<1>(sums);
            *blue = i32x4_extract_lane::<2>(sums);
        }
    }

    /// Red, green, blue, and what is not read.
    #[inline(always)]
    fn pixel(row: &[i16], tap: Tap<'_>) -> v128 {
        let mut sum = i32x4_splat(0);
        let row = &row[tap.start * 3..];
        for (pair, weights) in tap.pairs.iter().enumerate() {
            let pixels: &[u8] = bytemuck::cast_slice(&row[pair * 6..pair * 6 + 8]);
            let pixels: v128 = bytemuck::pod_read_unaligned(pixels);
            let pixels = i16x8_shuffle::<0, 3, 1, 4, 2, 5, 6, 7>(pixels, pixels);
            let weights = i32x4_splat(bytemuck::cast(*weights));
            sum = i32x4_add(sum, i32x4_dot_i16x8(pixels, weights));
        }
        sum
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
