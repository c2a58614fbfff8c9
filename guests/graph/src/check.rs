use core::fmt;

use guest_abi::{DType, RANK_MAX};

use crate::{Finish, Graph, GraphTensor, Image, Layout, Prepare, tensors::bytes};

/// The greatest number of inputs, and of outputs.
const TENSORS_MAX: usize = 64;
/// The greatest number of boxes, and of candidates that are compared with each other.
const BOXES_MAX: u32 = 4096;
/// The greatest number of bytes of a name.
const NAME_BYTES_MAX: usize = 128;

/// Why a description cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphError {
    /// The bytes are no description.
    Bytes,
    /// No inputs or outputs, or too many.
    Count,
    /// A name is empty or too long.
    Name,
    /// A tensor's type is unknown, it has too many sizes, a size of 0, or 2 GiB or more.
    Tensor,
    /// The graph's input cannot be made of an image.
    Image,
    /// The graph's output cannot be finished so.
    Finish,
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "the bytes are no description of a graph (postcard)",
            Self::Count => "it takes 1 to 64 inputs and 1 to 64 outputs",
            Self::Name => "a name is empty or longer than 128 bytes",
            Self::Tensor => "a tensor has an unknown type, too many sizes, a size of 0, or 2 GiB",
            Self::Image => {
                "an image makes one input of f32 or u8, [1, channels, height, width] or [1, height, width, channels] \
                 with 1 or 3 channels, one mean and std for all channels or for each, and no std of 0"
            }
            Self::Finish => {
                "softmax takes an output of f32; boxes are made of one output of f32, [1, 4 + classes, candidates], \
                 with thresholds between 0 and 1 and 1 to 4096 boxes and candidates, of an image"
            }
        })
    }
}

impl core::error::Error for GraphError {}

impl Graph {
    /// Whether everything in it fits together.
    pub(crate) fn check(&self) -> Result<(), GraphError> {
        let sides = [&self.inputs, &self.outputs];
        if sides
            .iter()
            .any(|side| !(1..=TENSORS_MAX).contains(&side.len()))
        {
            return Err(GraphError::Count);
        }
        let mut names = sides
            .into_iter()
            .flatten()
            .map(|tensor| &tensor.name)
            .chain([&self.name]);
        if names.any(|name| !(1..=NAME_BYTES_MAX).contains(&name.len())) {
            return Err(GraphError::Name);
        }
        if !sides.into_iter().flatten().all(is_sound) {
            return Err(GraphError::Tensor);
        }
        if let Prepare::Image(image) = &self.prepare
            && !self.takes(image)
        {
            return Err(GraphError::Image);
        }
        if self.finishes() {
            Ok(())
        } else {
            Err(GraphError::Finish)
        }
    }

    fn takes(&self, image: &Image) -> bool {
        let [input] = self.inputs.as_slice() else {
            return false;
        };
        let channels = match (input.dims.as_slice(), image.layout) {
            ([1, channels, _, _], Layout::ChannelsFirst)
            | ([1, _, _, channels], Layout::ChannelsLast) => *channels,
            _ => return false,
        };
        let each = |numbers: &[f32]| match u32::try_from(numbers.len()) {
            Ok(count) => count <= 1 || count == channels,
            Err(_) => false,
        };
        let plain = image.mean.is_empty() && image.std.is_empty();
        let finite = |number: &f32| number.is_finite();
        let bytes = u64::from(image.pixels_max) * u64::from(channels);
        matches!(channels, 1 | 3)
            && (input.is(DType::F32) || (input.is(DType::U8) && plain))
            && each(&image.mean)
            && each(&image.std)
            && image.mean.iter().all(finite)
            && image.std.iter().all(|std| std.is_normal())
            && (1..=i32::MAX.cast_unsigned().into()).contains(&bytes)
    }

    fn finishes(&self) -> bool {
        match (&self.finish, self.outputs.as_slice()) {
            (Finish::AsIs, _) => true,
            (Finish::Softmax, [first, ..]) => first.is(DType::F32) && !first.dims.is_empty(),
            (Finish::Boxes(boxes), [output]) => {
                let unit = 0.0..=1.0;
                matches!(self.prepare, Prepare::Image(_))
                    && output.is(DType::F32)
                    && matches!(output.dims.as_slice(), [1, numbers, _] if *numbers > 4)
                    && (1..=BOXES_MAX).contains(&boxes.boxes_max)
                    && (1..=BOXES_MAX).contains(&boxes.candidates_max)
                    && unit.contains(&boxes.confidence_min)
                    && unit.contains(&boxes.iou_max)
            }
            (Finish::Softmax | Finish::Boxes(_), _) => false,
        }
    }
}

impl GraphTensor {
    /// Whether its elements have this type.
    #[must_use]
    pub fn is(&self, dtype: DType) -> bool {
        self.dtype == dtype.code()
    }
}

fn is_sound(tensor: &GraphTensor) -> bool {
    tensor.dims.len() <= RANK_MAX && !tensor.dims.contains(&0) && bytes(tensor).is_some()
}
