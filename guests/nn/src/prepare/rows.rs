//! Along the columns: several rows of an image become one.

use super::taps::{Tap, WEIGHT_BITS};

/// A value of the row that is made: a level of 0 to 255 with so many bits behind the point.
pub(super) const ROW_BITS: u32 = 6;

const SHIFT: u32 = WEIGHT_BITS - ROW_BITS;
const HALF: i32 = 1 << (SHIFT - 1);

/// Makes one row of those that a tap names. `rows` begins with the first of them; a row has as many bytes as `out` has
/// elements.
pub(super) fn blend(rows: &[u8], tap: Tap<'_>, out: &mut [i16]) {
    let done = vector::blend(rows, tap, out);
    let len = out.len();
    for (at, out) in out.iter_mut().enumerate().skip(done) {
        let mut sum = HALF;
        for (pair, weights) in tap.pairs.iter().enumerate() {
            let place = 2 * pair * len + at;
            sum += i32::from(weights[0]) * i32::from(rows[place]);
            if weights[1] != 0 {
                sum += i32::from(weights[1]) * i32::from(rows[place + len]);
            }
        }
        *out = i16::try_from(sum >> SHIFT).unwrap_or(i16::MAX);
    }
}

#[cfg(target_feature = "simd128")]
mod vector {
    use core::arch::wasm32::{
        i16x8_extend_high_u8x16, i16x8_extend_low_u8x16, i16x8_narrow_i32x4, i32x4_add,
        i32x4_dot_i16x8, i32x4_shr, i32x4_splat, u8x16_shuffle, v128,
    };

    use super::{HALF, SHIFT, Tap};

    const LANES: usize = 16;

    /// As many elements as fill vectors; how many these are.
    pub(super) fn blend(rows: &[u8], tap: Tap<'_>, out: &mut [i16]) -> usize {
        let len = out.len();
        let (chunks, _) = out.as_chunks_mut::<LANES>();
        let done = chunks.len() * LANES;
        for (chunk, out) in chunks.iter_mut().enumerate() {
            let mut sums = [i32x4_splat(HALF); 4];
            for (pair, weights) in tap.pairs.iter().enumerate() {
                let place = 2 * pair * len + chunk * LANES;
                let upper = load(rows, place);
                let lower = if weights[1] == 0 {
                    upper
                } else {
                    load(rows, place + len)
                };
                add(
                    &mut sums,
                    upper,
                    lower,
                    i32x4_splat(bytemuck::cast(*weights)),
                );
            }
            let sums = sums.map(|sum| i32x4_shr(sum, SHIFT));
            *out = bytemuck::cast([
                i16x8_narrow_i32x4(sums[0], sums[1]),
                i16x8_narrow_i32x4(sums[2], sums[3]),
            ]);
        }
        done
    }

    /// Adds both rows, each times its weight.
    #[inline(always)]
    fn add(sums: &mut [v128; 4], upper: v128, lower: v128, weights: v128) {
        let low =
            u8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(upper, lower);
        let high = u8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(
            upper, lower,
        );
        let pairs = [
            i16x8_extend_low_u8x16(low),
            i16x8_extend_high_u8x16(low),
            i16x8_extend_low_u8x16(high),
            i16x8_extend_high_u8x16(high),
        ];
        for (sum, pairs) in sums.iter_mut().zip(pairs) {
            *sum = i32x4_add(*sum, i32x4_dot_i16x8(pairs, weights));
        }
    }

    #[inline(always)]
    fn load(bytes: &[u8], place: usize) -> v128 {
        bytemuck::pod_read_unaligned(&bytes[place..place + LANES])
    }
}

#[cfg(not(target_feature = "simd128"))]
mod vector {
    use super::Tap;

    pub(super) fn blend(_: &[u8], _: Tap<'_>, _: &mut [i16]) -> usize {
        0
    }
}
