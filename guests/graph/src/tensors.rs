use alloc::{string::ToString, vec, vec::Vec};

use guest_abi::{DType, TensorInfo};

use crate::{BOX_NUMBERS, BOXES, Finish, Graph, GraphTensor, IMAGE, Layout, Prepare};

impl Graph {
    /// What `predict` of the guest takes.
    #[must_use]
    pub fn guest_inputs(&self) -> Vec<TensorInfo> {
        match (&self.prepare, self.inputs.as_slice()) {
            (Prepare::Image(image), [input]) => {
                let axis = match image.layout {
                    Layout::ChannelsFirst => 1,
                    Layout::ChannelsLast => 3,
                };
                let channels = input.dims.get(axis).copied().unwrap_or(0);
                vec![TensorInfo {
                    name: IMAGE.to_string(),
                    dtype: DType::U8.code(),
                    dims: vec![1, -1, -1, size(channels)],
                    len_max: image.pixels_max.saturating_mul(channels),
                }]
            }
            (Prepare::Image(_) | Prepare::AsIs, inputs) => inputs.iter().map(info).collect(),
        }
    }

    /// What `predict` of the guest gives.
    #[must_use]
    pub fn guest_outputs(&self) -> Vec<TensorInfo> {
        match &self.finish {
            Finish::AsIs | Finish::Softmax => self.outputs.iter().map(info).collect(),
            Finish::Boxes(boxes) => vec![TensorInfo {
                name: BOXES.to_string(),
                dtype: DType::F32.code(),
                dims: vec![-1, size(BOX_NUMBERS)],
                len_max: boxes.boxes_max.saturating_mul(BOX_NUMBERS * 4),
            }],
        }
    }
}

/// The bytes of a tensor; none where they are not below 2 GiB, or its type is unknown.
pub(crate) fn bytes(tensor: &GraphTensor) -> Option<u32> {
    let element = u64::try_from(DType::from_code(tensor.dtype)?.bytes()).ok()?;
    let mut dims = tensor.dims.iter();
    let bytes = dims.try_fold(element, |bytes, dim| bytes.checked_mul(u64::from(*dim)))?;
    i32::try_from(bytes).ok().map(i32::cast_unsigned)
}

fn info(tensor: &GraphTensor) -> TensorInfo {
    TensorInfo {
        name: tensor.name.clone(),
        dtype: tensor.dtype,
        dims: tensor.dims.iter().copied().map(size).collect(),
        len_max: bytes(tensor).unwrap_or(0),
    }
}

fn size(size: u32) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}
