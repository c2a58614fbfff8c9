use guest_abi::DType;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error, ser::SerializeTuple};

use crate::{Dims, Elements};

/// A named tensor. On the wire: name, ONNX code of the type (one byte), sizes, little-endian elements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tensor<'a> {
    /// The name of the model's input or output; may be empty in a sample for a model with one input.
    pub name: &'a str,
    /// Its sizes.
    pub dims: Dims,
    /// Its elements, row-major.
    pub elements: Elements<'a>,
}

impl<'a> Tensor<'a> {
    /// A tensor without sizes: the receiver's model knows them.
    #[must_use]
    pub const fn flat(name: &'a str, elements: Elements<'a>) -> Self {
        Self {
            name,
            dims: Dims::FLAT,
            elements,
        }
    }
}

impl Serialize for Tensor<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_tuple(4)?;
        fields.serialize_element(self.name)?;
        fields.serialize_element(&self.elements.dtype().code())?;
        fields.serialize_element(&self.dims)?;
        fields.serialize_element(&self.elements)?;
        fields.end()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Tensor<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, code, dims, bytes) = <(&'a str, u8, Dims, &'a [u8])>::deserialize(deserializer)?;
        let dtype =
            DType::from_code(code).ok_or_else(|| D::Error::custom("unknown element type"))?;
        Ok(Self {
            name,
            dims,
            elements: Elements::Bytes(dtype, bytes),
        })
    }
}
