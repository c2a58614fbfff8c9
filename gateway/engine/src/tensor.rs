use guest_abi::DType;

/// A tensor of the host's: type, shape and little-endian elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// The type of its elements.
    pub dtype: DType,
    /// Its sizes.
    pub dims: Vec<u32>,
    /// Its elements, little-endian, row-major.
    pub data: Vec<u8>,
}

/// A borrowed tensor: what a call reads.
#[derive(Debug, Clone, Copy)]
pub struct TensorRef<'a> {
    /// The type of its elements.
    pub dtype: DType,
    /// Its sizes.
    pub dims: &'a [u32],
    /// Its elements, little-endian, row-major.
    pub data: &'a [u8],
}

impl Tensor {
    /// The tensor, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> TensorRef<'_> {
        TensorRef {
            dtype: self.dtype,
            dims: &self.dims,
            data: &self.data,
        }
    }
}
