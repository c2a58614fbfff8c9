use bytemuck::AnyBitPattern;
use guest_abi::{TENSOR_BYTES, Tensor};

use crate::{DType, Dims, Error, memory::Buffer, slots::tensor_slot};

/// The inputs of one call, by position.
pub struct Inputs<'a> {
    table: &'a [[u8; TENSOR_BYTES]],
    buffers: &'a [Buffer],
}

/// One input: its type, its shape and its elements.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The type of its elements.
    pub dtype: DType,
    /// Its sizes.
    pub dims: Dims,
    /// Its elements, little-endian, aligned for their type.
    pub bytes: &'a [u8],
    position: usize,
}

macro_rules! typed {
    ($($name:ident: $dtype:ident, $doc:literal;)*) => {
        $(
            #[doc = concat!("The elements of an input of ", $doc, ".")]
            ///
            /// # Errors
            /// Fails where there is no such input, or it has another type.
            pub fn $name(&self, position: usize) -> Result<&'a [$name], Error> {
                self.get(position)?.elements(DType::$dtype)
            }
        )*
    };
}

impl<'a> Inputs<'a> {
    pub(crate) const fn new(table: &'a [[u8; TENSOR_BYTES]], buffers: &'a [Buffer]) -> Self {
        Self { table, buffers }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.table.len()
    }

    /// One input of any type.
    ///
    /// # Errors
    /// Fails where there is no such input, or its descriptor contradicts itself.
    pub fn get(&self, position: usize) -> Result<Input<'a>, Error> {
        let descriptor = Error::Descriptor {
            what: "input",
            index: position,
        };
        let (Some(bytes), Some(buffer)) = (self.table.get(position), self.buffers.get(position))
        else {
            return Err(descriptor);
        };
        let tensor = Tensor::from_bytes(bytes);
        let read = || {
            let dtype = DType::from_code(tensor.dtype)?;
            let dims = Dims::of(&tensor)?;
            let stated = dims.bytes(dtype.bytes())?;
            let range = buffer.range(tensor_slot(position), tensor.data, tensor.len)?;
            let aligned = range.start.is_multiple_of(dtype.bytes());
            (stated == tensor.len && aligned).then(|| Input {
                dtype,
                dims,
                bytes: &buffer.bytes()[range],
                position,
            })
        };
        read().ok_or(descriptor)
    }

    /// The sizes of one input.
    ///
    /// # Errors
    /// Fails where there is no such input, or its descriptor contradicts itself.
    pub fn dims(&self, position: usize) -> Result<Dims, Error> {
        Ok(self.get(position)?.dims)
    }

    typed! {
        f32: F32, "32-bit floats";
        f64: F64, "64-bit floats";
        i8: I8, "signed bytes";
        i16: I16, "16-bit signed integers";
        i32: I32, "32-bit signed integers";
        i64: I64, "64-bit signed integers";
        u8: U8, "unsigned bytes";
    }
}

impl<'a> Input<'a> {
    fn elements<T: AnyBitPattern>(&self, expected: DType) -> Result<&'a [T], Error> {
        if self.dtype != expected {
            return Err(Error::InputType {
                input: self.position,
                expected,
                got: self.dtype.code(),
            });
        }
        bytemuck::try_cast_slice(self.bytes).map_err(|_| Error::Descriptor {
            what: "input",
            index: self.position,
        })
    }
}
