//! Channels side by side become channels one after the other.

/// Takes the three channels of a row of pixels apart: all of the first channel, then all of the second.
pub(super) fn split(pixels: &[u8], planes: &mut [u8]) {
    let (red, rest) = planes.split_at_mut(pixels.len() / 3);
    let (green, blue) = rest.split_at_mut(pixels.len() / 3);
    let done = vector::split(pixels, [&mut *red, &mut *green, &mut *blue]);
    let targets = red[done..]
        .iter_mut()
        .zip(&mut green[done..])
        .zip(&mut blue[done..]);
    for (((red, green), blue), pixel) in targets.zip(pixels[done * 3..].as_chunks().0) {
        let [r, g, b] = *pixel;
        (*red, *green, *blue) = (r, g, b);
    }
}

#[cfg(target_feature = "simd128")]
mod vector {
    use core::arch::wasm32::{u8x16_shuffle, v128};

    const LANES: usize = 16;

    /// As many pixels as fill vectors; how many these are.
    pub(super) fn split(pixels: &[u8], planes: [&mut [u8]; 3]) -> usize {
        let (chunks, _) = pixels.as_chunks::<{ 3 * LANES }>();
        let [red, green, blue] = planes.map(|plane| plane.as_chunks_mut::<LANES>().0);
        let targets = red.iter_mut().zip(green).zip(blue);
        for (((red, green), blue), pixels) in targets.zip(chunks) {
            let [a, b, c]: [v128; 3] = bytemuck::cast(*pixels);
            *red = bytemuck::cast(u8x16_shuffle::<
                0,
                1,
                2,
                3,
                4,
                5,
                6,
                7,
                8,
                9,
                10,
                17,
                20,
                23,
                26,
                29,
            >(
                u8x16_shuffle::<0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0>(a, b),
                c,
            ));
            *green = bytemuck::cast(u8x16_shuffle::<
                0,
                1,
                2,
                3,
                4,
                5,
                6,
                7,
                8,
                9,
                10,
                18,
                21,
                24,
                27,
                30,
            >(
                u8x16_shuffle::<1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0>(a, b),
                c,
            ));
            *blue = bytemuck::cast(u8x16_shuffle::<
                0,
                1,
                2,
                3,
                4,
                5,
                6,
                7,
                8,
                9,
                16,
                19,
                22,
                25,
                28,
                31,
            >(
                u8x16_shuffle::<2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0>(a, b),
                c,
            ));
        }
        chunks.len() * LANES
    }
}

#[cfg(not(target_feature = "simd128"))]
mod vector {
    pub(super) const fn split(_: &[u8], _: [&mut [u8]; 3]) -> usize {
        0
    }
}
