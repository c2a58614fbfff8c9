use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use super::{
    damaged,
    pixels::{Pixels, Size},
    unsupported,
};
use crate::{Reason, RejectCode};

/// The greatest number of passes over a progressive image: encoders use some ten, and each costs time for all pixels.
const SCANS_MAX: usize = 40;

const END: [u8; 2] = [0xff, 0xd9];

/// Ones, which are no Huffman code (ITU-T T.81, C.2). The decoder takes noughts for what is missing at the end, and so
/// makes up the rest of an image that is shorter than its header says; here it stumbles.
const STOP: [u8; 32] = {
    let mut stop = [0; 32];
    let mut at = 0;
    while at < stop.len() {
        stop[at] = 0xff;
        at += 2;
    }
    stop
};

/// Decodes a JPEG image: baseline, extended or progressive, of 8 bits, gray or in colours.
pub(super) fn decode(payload: &[u8], pixels_max: u32, pixels: &mut Pixels) -> Result<(), Reason> {
    let outline = Outline::of(payload, pixels_max)?;
    let mut coded = std::mem::take(&mut pixels.spare);
    coded.clear();
    coded.extend_from_slice(&payload[..outline.end]);
    if outline.stoppable {
        coded.extend_from_slice(&STOP);
    }
    coded.extend_from_slice(&END);
    let decoded = decode_coded(&coded, &outline, pixels);
    pixels.spare = coded;
    decoded
}

fn decode_coded(coded: &[u8], outline: &Outline, pixels: &mut Pixels) -> Result<(), Reason> {
    let (space, channels) = if outline.color {
        (ColorSpace::RGB, 3)
    } else {
        (ColorSpace::Luma, 1)
    };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_use_unsafe(false)
        .jpeg_set_max_scans(SCANS_MAX)
        .jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(coded), options);
    decoder.decode_headers().map_err(damaged)?;
    let same = decoder.info().is_some_and(|info| {
        Size {
            width: info.width.into(),
            height: info.height.into(),
        } == outline.size
    });
    if !same {
        return Err(damaged("its headers contradict each other"));
    }
    decoder
        .decode_into(pixels.begin(outline.size, channels, false))
        .map_err(damaged)
}

/// What the markers say, before anything is decoded: a decoder would fill up what a truncated image lacks.
struct Outline {
    size: Size,
    color: bool,
    /// Where the end marker is: cameras may append what they like.
    end: usize,
    /// Whether the decoder looks for what follows the last scan, and not only at it.
    stoppable: bool,
}

impl Outline {
    fn of(payload: &[u8], pixels_max: u32) -> Result<Self, Reason> {
        let mut frame = None;
        let mut scans = 0;
        let mut progressive = false;
        let mut at = 2;
        loop {
            let (marker, next) = next_marker(payload, at)
                .ok_or_else(|| damaged("the JPEG ends before its end marker"))?;
            if marker == 0xd9 {
                let (size, color) = frame.ok_or_else(|| damaged("the JPEG has no frame"))?;
                return Ok(Self {
                    size,
                    color,
                    end: next - END.len(),
                    stoppable: progressive == (scans > 1),
                });
            }
            let segment = segment(payload, next)?;
            match marker {
                0xc0..=0xc2 if frame.is_some() => {
                    return Err(damaged("the JPEG has a second frame"));
                }
                0xc0..=0xc2 => {
                    progressive = marker == 0xc2;
                    frame = Some(read_frame(segment, pixels_max)?);
                }
                0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                    let words = "the JPEG is lossless, hierarchical or arithmetically coded";
                    return Err(unsupported(words));
                }
                0xda => scans += 1,
                _ => {}
            }
            if scans > SCANS_MAX {
                return Err(unsupported("the JPEG has more than 40 scans"));
            }
            at = next + 2 + segment.len();
        }
    }
}

/// The next marker from a place on, and where it ends. Coded data and its restart markers are passed over.
fn next_marker(payload: &[u8], from: usize) -> Option<(u8, usize)> {
    let rest = payload.get(from..)?;
    let markers = rest.windows(2).enumerate();
    let mut markers = markers.filter(|(_, pair)| pair[0] == 0xff);
    let (place, pair) =
        markers.find(|(_, pair)| !matches!(pair[1], 0x00 | 0x01 | 0xd0..=0xd7 | 0xff))?;
    Some((pair[1], from + place + 2))
}

/// A marker's segment without its length.
fn segment(payload: &[u8], from: usize) -> Result<&[u8], Reason> {
    let length = payload
        .get(from..)
        .and_then(|rest| rest.first_chunk())
        .map(|length| usize::from(u16::from_be_bytes(*length)));
    length
        .and_then(|length| payload.get(from + 2..from + length))
        .ok_or_else(|| damaged("the JPEG ends within a segment"))
}

/// Size and whether there are colours (ITU-T T.81, B.2.2).
fn read_frame(segment: &[u8], pixels_max: u32) -> Result<(Size, bool), Reason> {
    let &[precision, h1, h0, w1, w0, components, ..] = segment else {
        return Err(damaged("the JPEG's frame header is too short"));
    };
    let size = Size {
        width: u16::from_be_bytes([w1, w0]).into(),
        height: u16::from_be_bytes([h1, h0]).into(),
    };
    let size = size.check(pixels_max)?;
    match (precision, components) {
        (8, 1) => Ok((size, false)),
        (8, 3) => Ok((size, true)),
        (8, 4) => {
            let words = "the JPEG's colours are CMYK; the pipeline takes gray and RGB";
            Err(Reason::new(RejectCode::ImageColor, words))
        }
        (8, _) => Err(damaged("the JPEG has neither 1, 3 nor 4 components")),
        _ => Err(unsupported("the JPEG has not 8 bits for each colour")),
    }
}
