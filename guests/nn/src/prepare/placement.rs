use nn_graph::Fit;

/// Height and width in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) height: usize,
    pub(crate) width: usize,
}

/// Where an image lies in a graph's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placement {
    /// The image's own size.
    pub(crate) image: Size,
    /// Its first row.
    pub(crate) top: usize,
    /// Its first column.
    pub(crate) left: usize,
    /// The size that it has there.
    pub(crate) fitted: Size,
}

impl Placement {
    pub(super) fn new(image: Size, input: Size, fit: Fit) -> Self {
        let fitted = match fit {
            Fit::Stretch => input,
            Fit::Letterbox => letterboxed(image, input),
        };
        Self {
            image,
            top: (input.height - fitted.height) / 2,
            left: (input.width - fitted.width) / 2,
            fitted,
        }
    }
}

/// The greatest size of the image's proportions, rounded, at least one pixel each way.
fn letterboxed(image: Size, input: Size) -> Size {
    let scaled = |side: usize, to: usize, from: usize| ((side * to * 2 + from) / (from * 2)).max(1);
    // width / image.width ≤ height / image.height, without a division
    if input.width * image.height <= input.height * image.width {
        Size {
            height: scaled(image.height, input.width, image.width).min(input.height),
            width: input.width,
        }
    } else {
        Size {
            height: input.height,
            width: scaled(image.width, input.height, image.height).min(input.width),
        }
    }
}
