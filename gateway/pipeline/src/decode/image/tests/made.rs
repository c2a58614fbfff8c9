//! Images made for a test.

use std::io::Cursor;

use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};
use png::{BitDepth, ColorType, Encoder};

/// Pixels, and how a PNG is to hold them.
pub(super) struct Made {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bytes: Vec<u8>,
    color: ColorType,
    depth: BitDepth,
    palette: Vec<u8>,
    frames: u32,
}

impl Made {
    pub(super) fn of(width: u32, height: u32, color: ColorType, bytes: &[u8]) -> Self {
        Self {
            width,
            height,
            bytes: bytes.to_vec(),
            color,
            depth: BitDepth::Eight,
            palette: Vec::new(),
            frames: 1,
        }
    }

    pub(super) fn gray(width: u32, height: u32, bytes: &[u8]) -> Self {
        Self::of(width, height, ColorType::Grayscale, bytes)
    }

    pub(super) fn rgb(width: u32, height: u32, bytes: &[u8]) -> Self {
        Self::of(width, height, ColorType::Rgb, bytes)
    }

    /// Red rises to the right, green downwards; blue is half.
    pub(super) fn gradient(width: u32, height: u32) -> Self {
        let level = |place: u32, step: u32| u8::try_from(place * step).unwrap();
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let bytes: Vec<u8> = rows
            .flat_map(|(x, y)| [level(x, 10), level(y, 15), 128])
            .collect();
        Self::rgb(width, height, &bytes)
    }

    pub(super) fn deep(self, depth: BitDepth) -> Self {
        Self { depth, ..self }
    }

    pub(super) fn palette(self, palette: &[u8]) -> Self {
        Self {
            palette: palette.to_vec(),
            ..self
        }
    }

    pub(super) fn animated(self, frames: u32) -> Self {
        Self { frames, ..self }
    }

    pub(super) fn png(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, self.width, self.height);
        encoder.set_color(self.color);
        encoder.set_depth(self.depth);
        if !self.palette.is_empty() {
            encoder.set_palette(self.palette.as_slice());
        }
        if self.frames > 1 {
            encoder.set_animated(self.frames, 0).unwrap();
        }
        let mut writer = encoder.write_header().unwrap();
        for _ in 0..self.frames {
            writer.write_image_data(&self.bytes).unwrap();
        }
        writer.finish().unwrap();
        out
    }

    pub(super) fn jpeg(&self) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        let color = if self.color == ColorType::Grayscale {
            ExtendedColorType::L8
        } else {
            ExtendedColorType::Rgb8
        };
        let encoder = JpegEncoder::new_with_quality(&mut out, 90);
        encoder
            .write_image(&self.bytes, self.width, self.height, color)
            .unwrap();
        out.into_inner()
    }
}

/// A PNG chunk with its checksum (CRC-32, bit by bit).
pub(super) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    let step = |crc: u32| {
        if crc & 1 == 1 {
            crc >> 1 ^ 0xedb8_8320
        } else {
            crc >> 1
        }
    };
    let crc = body.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc))
    });
    let length = u32::try_from(data.len()).unwrap();
    [&length.to_be_bytes()[..], &body, &(!crc).to_be_bytes()].concat()
}

/// The first bytes of a PNG of 8-bit colours, whatever size it claims.
pub(super) fn png_header(width: u32, height: u32) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = [&size[..], &[8, 2, 0, 0, 0]].concat();
    [super::super::PNG, &chunk(b"IHDR", &header)].concat()
}

/// The first bytes of a JPEG with so many components, whatever size it claims.
pub(super) fn jpeg_header(
    kind: u8,
    precision: u8,
    width: u16,
    height: u16,
    components: u8,
) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, kind, 0, 8 + 3 * components, precision];
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.push(components);
    (1..=components).for_each(|id| bytes.extend([id, 0x11, 0]));
    bytes
}
