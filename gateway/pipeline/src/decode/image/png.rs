use std::io::Cursor;

use png::{BitDepth, Decoder, Limits, Transformations};

use super::{
    damaged,
    pixels::{Pixels, Size},
};
use crate::{Reason, RejectCode};

/// Bytes for chunks that are kept while decoding, beside twice the payload's own.
const CHUNK_BYTES_MAX: usize = 65_536;

/// Decodes a PNG image. Text and colour profiles in it are skipped unread.
pub(super) fn decode(payload: &[u8], pixels_max: u32, pixels: &mut Pixels) -> Result<(), Reason> {
    let bytes = payload.len().saturating_mul(2) + CHUNK_BYTES_MAX;
    let mut decoder = Decoder::new_with_limits(Cursor::new(payload), Limits { bytes });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info().map_err(damaged)?;
    let (width, height) = header.size();
    let size = Size { width, height }.check(pixels_max)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    if reader.info().animation_control().is_some() {
        let words = "the PNG is animated; the pipeline takes single images";
        return Err(Reason::new(RejectCode::ImageAnimated, words));
    }
    let (color, depth) = reader.output_color_type();
    let samples = pixels.begin(size, color.samples(), depth == BitDepth::Sixteen);
    reader.next_frame(samples).map_err(damaged)?;
    reader.finish().map_err(damaged)
}
