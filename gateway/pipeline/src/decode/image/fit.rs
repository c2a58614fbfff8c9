use fast_image_resize::{
    FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::{U8, U8x3},
};
use weir_profile::Resize;

use super::pixels::{Pixels, Size};
use crate::{
    Reason, RejectCode,
    binding::{Dim, Frame},
};

/// Brings images to the model's height and width. The memory is used again.
#[derive(Debug, Clone)]
pub(super) struct Fitter {
    height: Dim,
    width: Dim,
    channels: usize,
    resize: Resize,
    resizer: Resizer,
    fitted: Vec<u8>,
    part: Vec<u8>,
}

impl Fitter {
    /// None where the model leaves open what an image is to be resized to.
    pub(super) fn new(frame: &Frame, resize: Option<Resize>) -> Option<Self> {
        let fixed = frame.height.is_some() && frame.width.is_some();
        let default = if fixed { Resize::Stretch } else { Resize::None };
        let resize = resize.unwrap_or(default);
        (fixed || resize == Resize::None).then(|| Self {
            height: frame.height,
            width: frame.width,
            channels: frame.channels,
            resize,
            resizer: Resizer::new(),
            fitted: Vec::new(),
            part: Vec::new(),
        })
    }

    /// The size that an image will have.
    pub(super) fn target(&self, image: &Pixels) -> Result<Size, Reason> {
        let Size { width, height } = image.size;
        let target = Size {
            width: self.width.unwrap_or(width),
            height: self.height.unwrap_or(height),
        };
        if self.resize == Resize::None && target != image.size {
            let side = |dim: Dim| dim.map_or_else(|| "n".to_owned(), |dim| dim.to_string());
            let words = format!(
                "an image of {width} × {height} pixels; the model takes {} × {} (width × height)",
                side(self.width),
                side(self.height)
            );
            return Err(Reason::new(RejectCode::PayloadShape, words));
        }
        Ok(target)
    }

    /// The image in that size.
    pub(super) fn fit<'p>(
        &'p mut self,
        image: &'p Pixels,
        target: Size,
    ) -> Result<&'p [u8], Reason> {
        if image.size == target {
            return Ok(image.samples());
        }
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        match self.resize {
            Resize::None => return Ok(image.samples()),
            Resize::Stretch => self.scale(image, target, options)?,
            Resize::Crop => self.scale(image, target, options.fit_into_destination(None))?,
            Resize::Pad => {
                let inner = within(image.size, target);
                self.scale(image, inner, options)?;
                self.pad(inner, target);
            }
        }
        Ok(&self.fitted)
    }

    fn scale(&mut self, image: &Pixels, to: Size, options: ResizeOptions) -> Result<(), Reason> {
        match self.channels {
            1 => self.scale_pixels::<U8>(image, to, options),
            _ => self.scale_pixels::<U8x3>(image, to, options),
        }
    }

    /// By the type of a pixel: asked for by its name, the library would bring the code for all of its types.
    fn scale_pixels<P: PixelTrait>(
        &mut self,
        image: &Pixels,
        to: Size,
        options: ResizeOptions,
    ) -> Result<(), Reason> {
        let unfit = |words: String| Reason::new(RejectCode::InputShape, words);
        self.fitted.clear();
        self.fitted.resize(to.pixels() * self.channels, 0);
        let Size { width, height } = image.size;
        let source = TypedImageRef::<P>::from_buffer(width, height, image.samples())
            .map_err(|error| unfit(error.to_string()))?;
        let mut fitted = TypedImage::<P>::from_buffer(to.width, to.height, &mut self.fitted)
            .map_err(|error| unfit(error.to_string()))?;
        self.resizer
            .resize_typed(&source, &mut fitted, &options)
            .map_err(|error| unfit(error.to_string()))
    }

    /// Puts what was scaled into the middle of black.
    fn pad(&mut self, inner: Size, target: Size) {
        let bytes = |pixels: u32| usize::try_from(pixels).unwrap_or(0) * self.channels;
        let (row, line) = (bytes(target.width), bytes(inner.width));
        let left = bytes((target.width - inner.width) / 2);
        let top = bytes((target.height - inner.height) / 2) / self.channels;
        self.part.clear();
        self.part.resize(target.pixels() * self.channels, 0);
        let rows = self.part.chunks_exact_mut(row).skip(top);
        for (to, from) in rows.zip(self.fitted.chunks_exact(line)) {
            to[left..left + line].copy_from_slice(from);
        }
        std::mem::swap(&mut self.part, &mut self.fitted);
    }
}

/// The largest size in the image's proportions that lies within the target.
fn within(image: Size, target: Size) -> Size {
    let scaled = |side: u32, to: u32, from: u32| {
        let [side, to, from] = [side, to, from].map(u64::from);
        u32::try_from((2 * side * to + from) / (2 * from)).unwrap_or(u32::MAX)
    };
    let wide = u64::from(image.width) * u64::from(target.height)
        >= u64::from(image.height) * u64::from(target.width);
    if wide {
        let height = scaled(image.height, target.width, image.width);
        Size {
            width: target.width,
            height: height.clamp(1, target.height),
        }
    } else {
        let width = scaled(image.width, target.height, image.height);
        Size {
            width: width.clamp(1, target.width),
            height: target.height,
        }
    }
}
