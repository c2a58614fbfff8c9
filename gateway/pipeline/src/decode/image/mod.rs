//! JPEG and PNG images, recognised by their first bytes → the model's height, width, colours and element type.
//!
//! - Size before work: width × height is checked against the pipeline's `pixels_max` before anything is decoded.
//! - One picture: animations are refused, and so is CMYK, whose colours no model means.
//! - Pixels as they are stored: EXIF orientation and colour profiles are not applied, transparency is dropped, 16 bits are
//!   rounded to 8, and luma is that of ITU-R BT.601. This is what the common image readers of training scripts do.
//! - The same numbers on every machine: the decoders use no vector instructions of one architecture, and resizing
//!   (triangle filter over all pixels that a target pixel covers) is integer arithmetic.

mod fit;
mod jpeg;
mod levels;
mod pixels;
mod png;

use std::panic::{AssertUnwindSafe, catch_unwind};

use weir_profile::{Color, ImageOptions, Pipeline};

use self::{fit::Fitter, levels::Levels, pixels::Pixels};
use super::elements::{Ready, check_bytes};
use crate::{
    BindError, Reason, RejectCode,
    binding::{Frame, InputPlan, elements, words},
};

const JPEG: &[u8] = &[0xff, 0xd8, 0xff];
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What one pipeline makes of images, and the memory for it, which is used again.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    frame: Frame,
    pixels_max: u32,
    pixels: Pixels,
    fitter: Fitter,
    levels: Levels,
}

impl Image {
    pub(super) fn new(
        pipeline: &Pipeline,
        options: ImageOptions,
        plan: &InputPlan,
    ) -> Result<Self, BindError> {
        let key = |key: &str| format!("pipeline.{}.decode.{key}", pipeline.name);
        let input = || plan.name.clone();
        let frame = Frame::new(&plan.dims, plan.layout).ok_or_else(|| BindError::Shape {
            key: key("codec"),
            input: input(),
            takes: words(&plan.dims),
            makes: "an image: height × width with 1 or 3 channels".to_owned(),
        })?;
        let gray = frame.channels == 1;
        let color = options
            .color
            .unwrap_or(if gray { Color::Gray } else { Color::Rgb });
        if (color == Color::Gray) != gray {
            return Err(BindError::Channels {
                key: key("color"),
                input: input(),
                channels: frame.channels,
            });
        }
        let fitter = Fitter::new(&frame, options.resize).ok_or_else(|| BindError::Resize {
            key: key("resize"),
            input: input(),
            takes: words(&plan.dims),
        })?;
        let levels =
            Levels::new(plan, &frame, color == Color::Bgr).map_err(|reason| BindError::Levels {
                key: key("scale"),
                input: input(),
                words: reason.words.into_owned(),
            })?;
        Ok(Self {
            frame,
            pixels_max: options.pixels_max,
            pixels: Pixels::default(),
            fitter,
            levels,
        })
    }

    /// Reads an image into the model's input.
    pub(super) fn read(
        &mut self,
        payload: &[u8],
        plan: &InputPlan,
        ready: &mut Ready,
    ) -> Result<(), Reason> {
        let (pixels, pixels_max) = (&mut self.pixels, self.pixels_max);
        let decoded = catch_unwind(AssertUnwindSafe(|| decode(payload, pixels_max, pixels)));
        decoded.unwrap_or_else(|_| Err(damaged("the decoder gave up")))?;
        self.pixels.reduce(self.frame.channels);
        let size = self.fitter.target(&self.pixels)?;
        self.frame.resolve(size.height, size.width, &mut ready.dims);
        let bytes = elements(&ready.dims).saturating_mul(plan.dtype.bytes());
        check_bytes(plan, bytes)?;
        let fitted = self.fitter.fit(&self.pixels, size)?;
        ready.shared = None;
        self.levels.lay(fitted, &mut ready.own);
        Ok(())
    }
}

/// A panic of a decoder is caught by the caller: it would come again with the message, for ever.
fn decode(payload: &[u8], pixels_max: u32, pixels: &mut Pixels) -> Result<(), Reason> {
    if payload.starts_with(JPEG) {
        jpeg::decode(payload, pixels_max, pixels)
    } else if payload.starts_with(PNG) {
        png::decode(payload, pixels_max, pixels)
    } else {
        let words = "the payload begins neither as JPEG nor as PNG";
        Err(Reason::new(RejectCode::PayloadNotImage, words))
    }
}

fn damaged(words: impl ToString) -> Reason {
    Reason::new(RejectCode::ImageDamaged, words.to_string())
}

fn unsupported(words: &'static str) -> Reason {
    Reason::new(RejectCode::ImageUnsupported, words)
}

#[cfg(test)]
mod tests;
