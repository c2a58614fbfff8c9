use crate::{Reason, RejectCode};

/// The greatest width or height: resizing keeps, for a while, the image's width times the model's height.
const SIDE_MAX: u32 = 16_384;

/// Width and height.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A decoded image, row by row, pixel by pixel. The memory is used again.
#[derive(Debug, Clone, Default)]
pub(super) struct Pixels {
    pub(super) size: Size,
    /// Samples of a pixel: 1 gray, 2 gray and alpha, 3 red, green, blue, 4 these and alpha.
    channels: usize,
    /// Whether a sample has 16 bits, the higher ones first, and not 8.
    wide: bool,
    samples: Vec<u8>,
    /// Memory that [`Pixels::reduce`] and a decoder may use for a while.
    pub(super) spare: Vec<u8>,
}

impl Size {
    /// Refuses what is empty or larger than allowed.
    pub(super) fn check(self, pixels_max: u32) -> Result<Self, Reason> {
        let Self { width, height } = self;
        if width == 0 || height == 0 {
            return Err(super::damaged("the image has no pixels"));
        }
        let side = width.max(height);
        if side > SIDE_MAX || u64::from(width) * u64::from(height) > u64::from(pixels_max) {
            let words = format!(
                "{width} × {height} pixels; the pipeline takes {pixels_max} and {SIDE_MAX} in a row or column"
            );
            return Err(Reason::new(RejectCode::ImageTooLarge, words));
        }
        Ok(self)
    }

    /// The number of pixels.
    pub(super) fn pixels(self) -> usize {
        crate::binding::elements(&[self.width, self.height])
    }
}

impl Pixels {
    /// Room for an image whose size was checked. Nothing of an earlier one is left in it.
    pub(super) fn begin(&mut self, size: Size, channels: usize, wide: bool) -> &mut [u8] {
        self.size = size;
        self.channels = channels;
        self.wide = wide;
        self.samples.clear();
        let bytes = if wide { 2 } else { 1 };
        self.samples.resize(size.pixels() * channels * bytes, 0);
        &mut self.samples
    }

    /// Makes it 8 bits of 1 (gray) or 3 (red, green, blue) channels.
    pub(super) fn reduce(&mut self, channels: usize) {
        if self.wide {
            self.rewrite(2, |sample, out| {
                let value = u32::from(u16::from_be_bytes([sample[0], sample[1]]));
                out.extend(u8::try_from((value + 128) / 257));
            });
            self.wide = false;
        }
        match (self.channels, channels) {
            (1 | 2, 3) => {
                self.rewrite(self.channels, |pixel, out| out.extend([pixel[0]; 3]));
            }
            (3 | 4, 1) => self.rewrite(self.channels, |pixel, out| out.push(luma(pixel))),
            (2 | 4, _) => self.rewrite(self.channels, |pixel, out| {
                out.extend_from_slice(&pixel[..channels]);
            }),
            _ => {}
        }
        self.channels = channels;
    }

    fn rewrite(&mut self, bytes: usize, each: impl Fn(&[u8], &mut Vec<u8>)) {
        self.spare.clear();
        for pixel in self.samples.chunks_exact(bytes) {
            each(pixel, &mut self.spare);
        }
        std::mem::swap(&mut self.samples, &mut self.spare);
    }

    /// The samples, after [`Pixels::reduce`].
    pub(super) fn samples(&self) -> &[u8] {
        &self.samples
    }
}

/// ITU-R BT.601 in 16-bit fixed point: 0.299 red, 0.587 green, 0.114 blue, rounded.
fn luma(pixel: &[u8]) -> u8 {
    let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
    let luma = (19_595 * red + 38_470 * green + 7_471 * blue + 32_768) >> 16;
    u8::try_from(luma).unwrap_or(u8::MAX)
}
