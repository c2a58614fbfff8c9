use bytemuck::Pod;
use guest_abi::{TENSOR_BYTES, Tensor};

use crate::{DType, Dims, Error, memory::Buffer, slots::tensor_slot};

/// The outputs of one call, by position. Each is claimed once, with its type and shape, and then written.
pub struct Outputs<'a> {
    table: &'a mut [[u8; TENSOR_BYTES]],
    buffers: &'a mut [Buffer],
    first: usize,
}

macro_rules! typed {
    ($($name:ident: $dtype:ident, $doc:literal;)*) => {
        $(
            #[doc = concat!("States the shape of an output of ", $doc, " and gives its elements to write.")]
            /// What they hold before is not specified.
            ///
            /// # Errors
            /// Fails where there is no such output, or its buffer is too small: then the host makes
            /// it larger and calls again.
            pub fn $name(&mut self, position: usize, dims: &[u32]) -> Result<&mut [$name], Error> {
                elements(position, self.bytes(position, DType::$dtype, dims)?)
            }
        )*
    };
}

impl<'a> Outputs<'a> {
    /// `first` is the number of inputs, whose slots come before.
    pub(crate) fn new(
        table: &'a mut [[u8; TENSOR_BYTES]],
        buffers: &'a mut [Buffer],
        first: usize,
    ) -> Self {
        for bytes in &mut *table {
            let host = Tensor::from_bytes(bytes);
            let unwritten = Tensor {
                data: host.data,
                capacity: host.capacity,
                ..Tensor::EMPTY
            };
            *bytes = unwritten.to_bytes();
        }
        Self {
            table,
            buffers,
            first,
        }
    }

    /// How many the host asks for.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.table.len()
    }

    /// States type and shape of an output and gives its bytes to write, aligned for the type.
    ///
    /// # Errors
    /// Fails where there is no such output, or its buffer is too small: then the host makes it
    /// larger and calls again.
    pub fn bytes(
        &mut self,
        position: usize,
        dtype: DType,
        dims: &[u32],
    ) -> Result<&mut [u8], Error> {
        let descriptor = Error::Descriptor {
            what: "output",
            index: position,
        };
        let (Some(bytes), Some(buffer)) =
            (self.table.get_mut(position), self.buffers.get_mut(position))
        else {
            return Err(descriptor);
        };
        let too_large = Error::OutputTooLarge { output: position };
        let dims = Dims::new(dims).ok_or(too_large.clone())?;
        let needed = dims.bytes(dtype.bytes()).ok_or(too_large)?;

        let mut tensor = Tensor::from_bytes(bytes);
        tensor.len = needed;
        tensor.dtype = dtype.code();
        dims.write_to(&mut tensor);
        *bytes = tensor.to_bytes();

        let capacity = tensor.capacity;
        if needed > capacity {
            return Err(Error::OutputTooSmall {
                output: position,
                needed,
                capacity,
            });
        }
        let range = buffer
            .range(tensor_slot(self.first + position), tensor.data, needed)
            .filter(|range| range.start.is_multiple_of(dtype.bytes()))
            .ok_or(descriptor)?;
        Ok(&mut buffer.bytes_mut()[range])
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

fn elements<T: Pod>(position: usize, bytes: &mut [u8]) -> Result<&mut [T], Error> {
    bytemuck::try_cast_slice_mut(bytes).map_err(|_| Error::Descriptor {
        what: "output",
        index: position,
    })
}
