use tract_onnx::pb::{TensorProto, tensor_proto::DataLocation};

use super::{OnnxError, RANK_MAX};

/// ONNX's code of `f32`.
pub(super) const FLOAT: i32 = 1;
/// ONNX's code of `i64`.
const INT64: i32 = 7;

/// A tensor that is part of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Constant {
    pub(crate) dims: Vec<usize>,
    pub(crate) data: Data,
}

/// Its elements, where they are of a type that is used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
    /// Of another type, by its name.
    Other(&'static str),
}

impl Constant {
    /// Checks that the tensor is whole, and reads it.
    pub(super) fn read(tensor: &TensorProto) -> Result<Self, OnnxError> {
        let external = i32::from(DataLocation::External);
        if tensor.data_location == Some(external) || !tensor.external_data.is_empty() {
            return Err(OnnxError::External {
                tensor: tensor.name.clone(),
            });
        }
        let (dims, elements) = dims(tensor)?;
        let data = match tensor.data_type {
            FLOAT => Data::Floats(numbers(
                tensor,
                elements,
                &tensor.float_data,
                f32::from_le_bytes,
            )?),
            INT64 => Data::Integers(numbers(
                tensor,
                elements,
                &tensor.int64_data,
                i64::from_le_bytes,
            )?),
            other => Data::Other(type_name(other)),
        };
        Ok(Self { dims, data })
    }

    /// A single number.
    pub(super) fn float(value: f32) -> Self {
        Self {
            dims: Vec::new(),
            data: Data::Floats(vec![value]),
        }
    }

    /// A list.
    pub(super) fn integers(values: Vec<i64>) -> Self {
        Self {
            dims: vec![values.len()],
            data: Data::Integers(values),
        }
    }

    /// Their number.
    pub(crate) fn elements(&self) -> usize {
        self.dims.iter().product()
    }

    pub(crate) fn floats(&self) -> Option<&[f32]> {
        match &self.data {
            Data::Floats(values) => Some(values),
            Data::Integers(_) | Data::Other(_) => None,
        }
    }

    pub(crate) fn as_integers(&self) -> Option<&[i64]> {
        match &self.data {
            Data::Integers(values) => Some(values),
            Data::Floats(_) | Data::Other(_) => None,
        }
    }
}

fn dims(tensor: &TensorProto) -> Result<(Vec<usize>, usize), OnnxError> {
    let wrong = || OnnxError::Dims {
        tensor: tensor.name.clone(),
        dims: tensor.dims.iter().copied().take(RANK_MAX + 1).collect(),
    };
    if tensor.dims.len() > RANK_MAX {
        return Err(wrong());
    }
    let dims: Option<Vec<usize>> = tensor
        .dims
        .iter()
        .map(|size| usize::try_from(*size).ok())
        .collect();
    let dims = dims.ok_or_else(wrong)?;
    let elements = dims
        .iter()
        .try_fold(1_usize, |product, size| product.checked_mul(*size));
    let elements = elements.filter(|elements| elements.checked_mul(8).is_some());
    Ok((dims, elements.ok_or_else(wrong)?))
}

/// Raw bytes where there are any, else the typed list.
fn numbers<T: Copy, const N: usize>(
    tensor: &TensorProto,
    elements: usize,
    listed: &[T],
    from_bytes: fn([u8; N]) -> T,
) -> Result<Vec<T>, OnnxError> {
    let cut = |found, expected| OnnxError::Cut {
        tensor: tensor.name.clone(),
        dims: tensor.dims.clone(),
        found,
        expected,
    };
    if tensor.raw_data.is_empty() {
        return if listed.len() == elements {
            Ok(listed.to_vec())
        } else {
            Err(cut(listed.len(), elements))
        };
    }
    if tensor.raw_data.len() != elements * N {
        return Err(cut(tensor.raw_data.len(), elements * N));
    }
    let (chunks, _) = tensor.raw_data.as_chunks::<N>();
    Ok(chunks.iter().map(|chunk| from_bytes(*chunk)).collect())
}

/// The name of a type of elements, by ONNX's code.
pub(super) const fn type_name(code: i32) -> &'static str {
    match code {
        1 => "f32",
        2 => "u8",
        3 => "i8",
        4 => "u16",
        5 => "i16",
        6 => "i32",
        7 => "i64",
        8 => "string",
        9 => "bool",
        10 => "f16",
        11 => "f64",
        12 => "u32",
        13 => "u64",
        16 => "bf16",
        _ => "unknown",
    }
}
