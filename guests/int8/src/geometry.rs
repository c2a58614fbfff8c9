use serde::{Deserialize, Serialize};

/// An input up to this size is copied into its padding before a convolution: what its windows see then
/// lies in one piece. Of a larger one the windows are pieced together, which takes no memory.
const PADDED_BYTES_MAX: usize = 4096;

/// The sizes of activations: one position after the other, row by row, each with all its channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Rows; 1 for a signal or a vector.
    pub height: u16,
    /// Positions of a row; 1 for a vector.
    pub width: u16,
    /// Elements of a position.
    pub channels: u16,
}

/// The window of a convolution or a pool. Each pair is `[along the height, along the width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its positions.
    pub kernel: [u16; 2],
    /// Positions from one window to the next.
    pub stride: [u16; 2],
    /// Positions from one element of the window to the next.
    pub dilation: [u16; 2],
    /// Positions that are added before the first one.
    pub padding_before: [u16; 2],
    /// Positions that are added behind the last one.
    pub padding_after: [u16; 2],
}

impl Shape {
    /// A vector.
    #[must_use]
    pub const fn vector(channels: u16) -> Self {
        Self {
            height: 1,
            width: 1,
            channels,
        }
    }

    /// The number of positions.
    #[must_use]
    pub fn positions(self) -> u64 {
        u64::from(self.height) * u64::from(self.width)
    }

    /// The number of elements.
    #[must_use]
    pub fn elements(self) -> u64 {
        self.positions() * u64::from(self.channels)
    }
}

impl Window {
    /// The number of its positions.
    #[must_use]
    pub fn positions(&self) -> u64 {
        u64::from(self.kernel[0]) * u64::from(self.kernel[1])
    }

    /// Height and width of the output, `⌊(size + padding − dilation × (kernel − 1) − 1) / stride⌋ + 1`
    /// each; none where a size is 0, or a padding reaches further than the window, or the window
    /// further than the padded input.
    #[must_use]
    pub fn output(&self, input: Shape) -> Option<[u16; 2]> {
        Some([self.along(0, input.height)?, self.along(1, input.width)?])
    }

    pub(crate) fn is_dilated(&self) -> bool {
        self.dilation != [1, 1]
    }

    pub(crate) fn is_padded(&self) -> bool {
        self.padding_before != [0, 0] || self.padding_after != [0, 0]
    }

    /// Height and width of the input with its padding.
    pub(crate) fn padded(&self, input: Shape) -> [usize; 2] {
        let along = |axis: usize, size: u16| {
            let [before, after] = [self.padding_before[axis], self.padding_after[axis]];
            usize::from(size) + usize::from(before) + usize::from(after)
        };
        [along(0, input.height), along(1, input.width)]
    }

    /// The bytes of the input with its padding; none where nothing is padded, or it is too large to be
    /// copied before it is used.
    pub(crate) fn padded_bytes(&self, input: Shape) -> Option<usize> {
        let [height, width] = self.padded(input);
        let positions = height.checked_mul(width)?;
        let bytes = positions.checked_mul(usize::from(input.channels))?;
        (self.is_padded() && bytes <= PADDED_BYTES_MAX).then_some(bytes)
    }

    fn along(&self, axis: usize, size: u16) -> Option<u16> {
        let kernel = u32::from(self.kernel[axis]);
        let stride = u32::from(self.stride[axis]);
        let dilation = u32::from(self.dilation[axis]);
        let before = u32::from(self.padding_before[axis]);
        let after = u32::from(self.padding_after[axis]);
        if size == 0 || kernel == 0 || stride == 0 || dilation == 0 {
            return None;
        }
        let reach = dilation.checked_mul(kernel - 1)?.checked_add(1)?;
        if before >= reach || after >= reach {
            return None;
        }
        let padded = u32::from(size) + before + after;
        let steps = padded.checked_sub(reach)? / stride;
        u16::try_from(steps + 1).ok()
    }
}
