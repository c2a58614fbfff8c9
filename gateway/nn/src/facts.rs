use guest_abi::DType;
use nn_graph::GraphTensor;

use crate::PrepareError;

/// What a graph takes and gives, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its inputs.
    pub inputs: Vec<TensorFact>,
    /// Its outputs.
    pub outputs: Vec<TensorFact>,
}

/// A tensor of fixed sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorFact {
    /// Its name.
    pub name: String,
    /// The type of its elements.
    pub dtype: DType,
    /// Its sizes.
    pub dims: Vec<u32>,
    /// The bytes of its elements.
    pub bytes: usize,
    /// The number of its type in the interface.
    pub(crate) number: u8,
}

impl Facts {
    /// The facts of a description.
    pub(crate) fn of(description: &nn_graph::Graph) -> Result<Self, PrepareError> {
        let facts = |tensors: &[GraphTensor]| {
            let facts = tensors.iter().map(TensorFact::of);
            facts.collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            inputs: facts(&description.inputs)?,
            outputs: facts(&description.outputs)?,
        })
    }

    /// The bytes of all of its tensors.
    pub(crate) fn bytes(&self) -> usize {
        let tensors = self.inputs.iter().chain(&self.outputs);
        tensors.fold(0, |bytes, tensor| bytes.saturating_add(tensor.bytes))
    }
}

impl TensorFact {
    fn of(tensor: &GraphTensor) -> Result<Self, PrepareError> {
        let name = tensor.name.clone();
        let dtype = DType::from_code(tensor.dtype);
        let Some((dtype, number)) = dtype.and_then(|dtype| Some((dtype, number(dtype)?))) else {
            return Err(PrepareError::ElementType {
                tensor: name,
                dtype,
            });
        };
        let bytes = tensor.dims.iter().try_fold(dtype.bytes(), |bytes, dim| {
            bytes.checked_mul(usize::try_from(*dim).ok()?)
        });
        let bytes = bytes.filter(|bytes| isize::try_from(*bytes).is_ok());
        let Some(bytes) = bytes else {
            return Err(PrepareError::TooLarge { tensor: name });
        };
        Ok(Self {
            name,
            dtype,
            dims: tensor.dims.clone(),
            bytes,
            number,
        })
    }

    /// Type and sizes in words: `f32 1×3×224×224`.
    pub(crate) fn words(&self) -> String {
        let dims: Vec<String> = self.dims.iter().map(ToString::to_string).collect();
        format!("{} {}", self.dtype.name(), dims.join("×"))
    }
}

/// The number of a type in the interface's definition; `i8` and `i16` have none.
const fn number(dtype: DType) -> Option<u8> {
    match dtype {
        DType::F16 => Some(0),
        DType::F32 => Some(1),
        DType::F64 => Some(2),
        DType::U8 => Some(3),
        DType::I32 => Some(4),
        DType::I64 => Some(5),
        DType::I8 | DType::I16 => None,
    }
}
