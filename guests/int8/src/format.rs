use serde::{Deserialize, Serialize};

use crate::{Requantise, Shape, Window};

/// The first bytes of every file.
pub const MAGIC: [u8; 8] = *b"WEIRINT8";
/// The format's version: a reader refuses another one.
pub const VERSION: u32 = 1;
/// The bytes before the header: magic, version, the number of bytes of header and layers.
pub const PREFIX_BYTES: usize = 16;
/// Every section begins at a multiple of this, counted from the start of the file.
pub const SECTION_ALIGN: usize = 16;

/// The first record behind the prefix; as many [`Layer`]s as it says follow it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The tensor that the network takes, as the host gives it.
    pub input: Edge,
    /// The tensor that the network gives, as the host gets it.
    pub output: Edge,
    /// How the input lies in the activations.
    pub input_shape: Shape,
    /// Where the input lies in the activations.
    pub input_at: u32,
    /// What is done to the output after it was dequantised.
    pub finish: Finish,
    /// The bytes of all activations.
    pub activation_bytes: u32,
    /// The number of layers.
    pub layers: u16,
}

/// A tensor at the edge of a network: `f32` outside, `i8` inside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Its sizes outside.
    pub dims: Dims,
    /// The order of its elements outside; inside it is always channels last.
    pub layout: Layout,
    /// What its elements mean.
    pub quantisation: Quantisation,
}

/// The sizes of a tensor outside, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dims {
    rank: u8,
    sizes: [u32; Dims::RANK_MAX],
}

/// Which axis of a tensor outside varies fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layout {
    /// `[channels, height, width]`, as ONNX has it.
    ChannelsFirst,
    /// `[height, width, channels]`, as activations lie.
    ChannelsLast,
}

/// `real = scale × (quantised − zero_point)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantisation {
    /// Finite and greater than 0.
    pub scale: f32,
    /// What stands for 0.
    pub zero_point: i8,
}

/// What is done to the output after it was dequantised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finish {
    /// Nothing.
    None,
    /// Softmax over the channels of each position, in `f32`.
    Softmax,
}

/// One layer. Its input is the output of the layer before it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Where its output lies in the activations. Must not touch its input, except that a reshape's
    /// output is its input.
    pub output_at: u32,
    /// What it computes.
    pub operator: Operator,
}

/// What a layer computes. The shape of its output follows from that of its input.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Operator {
    /// Fully connected, over all elements of the input in their order; the output is `[1, 1, outputs]`.
    Dense(Weights),
    /// Convolution over height and width; one dimension is a height of 1.
    Convolution(Window, Weights),
    /// Convolution of each channel by itself: as many outputs as input channels.
    Depthwise(Window, Weights),
    /// The greatest element of each window; what was padded does not count. No dilation.
    MaxPool(Window, Clamp),
    /// The mean of each window, quantised as the input is. No dilation.
    AveragePool(Window, Averaging, Clamp),
    /// The mean of each channel over height and width, quantised anew; the output is `[1, 1, channels]`.
    Mean(Requantise, Quantised),
    /// The same elements in another shape; costs nothing.
    Reshape(Shape),
}

/// How an output is quantised anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantised {
    /// The zero point of the output.
    pub zero_point: i8,
    /// The range of the output.
    pub clamp: Clamp,
}

/// What a layer with weights has in sections of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// The number of output channels.
    pub outputs: u16,
    /// Where the weights lie in the file.
    pub weights_at: u32,
    /// Where the channels' records lie in the file: bias, multiplier and shift, 12 bytes each.
    pub channels_at: u32,
    /// How the output is quantised.
    pub quantised: Quantised,
}

/// The least and the greatest value of an output: an activation that is fused into the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clamp {
    /// Not above `max`.
    pub min: i8,
    /// Not below `min`.
    pub max: i8,
}

/// What a mean at the border of the input divides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Averaging {
    /// The elements inside the input (`count_include_pad = 0`).
    Inside,
    /// All elements of the window; what was padded is 0 (`count_include_pad = 1`).
    Window,
}

impl Dims {
    /// The greatest number of sizes: batch, channels, height, width.
    pub const RANK_MAX: usize = 4;

    /// None where there are more sizes than [`Dims::RANK_MAX`].
    #[must_use]
    pub fn new(sizes: &[u32]) -> Option<Self> {
        let mut dims = Self {
            rank: u8::try_from(sizes.len()).ok()?,
            sizes: [0; Self::RANK_MAX],
        };
        dims.sizes.get_mut(..sizes.len())?.copy_from_slice(sizes);
        Some(dims)
    }

    /// The sizes; none where a file states more than there can be.
    #[must_use]
    pub fn sizes(&self) -> &[u32] {
        self.sizes.get(..usize::from(self.rank)).unwrap_or(&[])
    }

    /// The number of elements; none beyond 2⁶⁴, or where a file states more sizes than there can be.
    #[must_use]
    pub fn elements(&self) -> Option<u64> {
        let mut sizes = self.sizes.get(..usize::from(self.rank))?.iter();
        sizes.try_fold(1_u64, |product, size| product.checked_mul((*size).into()))
    }
}

impl Clamp {
    /// Clamps nothing.
    pub const NONE: Self = Self {
        min: i8::MIN,
        max: i8::MAX,
    };

    pub(crate) const fn is_sound(self) -> bool {
        self.min <= self.max
    }
}

impl Quantisation {
    pub(crate) fn is_sound(self) -> bool {
        self.scale.is_normal() && self.scale > 0.0
    }
}
