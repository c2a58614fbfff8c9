/// The greatest number of dimensions of a tensor.
pub const RANK_MAX: usize = 8;
/// The size of a descriptor in guest memory.
pub const TENSOR_BYTES: usize = 48;

/// One descriptor, for inputs and outputs alike; 48 bytes, aligned to 4.
///
/// For an output the host sets `data` and `capacity`; the guest sets `len`, `dtype`, `rank` and `dims`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Tensor {
    /// Guest address of the elements.
    pub data: u32,
    /// Bytes reserved at `data`.
    pub capacity: u32,
    /// Bytes used at `data`.
    pub len: u32,
    /// [`DType`](crate::DType) code.
    pub dtype: u8,
    /// Number of dimensions, at most [`RANK_MAX`].
    pub rank: u8,
    /// Reserved: 0.
    pub flags: u16,
    /// Sizes; those beyond `rank` are 0.
    pub dims: [u32; RANK_MAX],
}

const _: () = assert!(core::mem::size_of::<Tensor>() == TENSOR_BYTES);
const _: () = assert!(core::mem::align_of::<Tensor>() == 4);

impl Tensor {
    /// A descriptor with every field 0.
    pub const EMPTY: Self = Self {
        data: 0,
        capacity: 0,
        len: 0,
        dtype: 0,
        rank: 0,
        flags: 0,
        dims: [0; RANK_MAX],
    };

    /// The bytes as they lie in guest memory.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; TENSOR_BYTES] {
        let mut bytes = [0; TENSOR_BYTES];
        let words = [self.data, self.capacity, self.len];
        for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes[12] = self.dtype;
        bytes[13] = self.rank;
        bytes[14..16].copy_from_slice(&self.flags.to_le_bytes());
        for (chunk, dim) in bytes[16..].chunks_exact_mut(4).zip(self.dims) {
            chunk.copy_from_slice(&dim.to_le_bytes());
        }
        bytes
    }

    /// Reads a descriptor as it lies in guest memory. Nothing is checked: every field may be a lie.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; TENSOR_BYTES]) -> Self {
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let mut dims = [0; RANK_MAX];
        for (index, dim) in dims.iter_mut().enumerate() {
            *dim = word(16 + 4 * index);
        }
        Self {
            data: word(0),
            capacity: word(4),
            len: word(8),
            dtype: bytes[12],
            rank: bytes[13],
            flags: u16::from_le_bytes([bytes[14], bytes[15]]),
            dims,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_trip() {
        let tensor = Tensor {
            data: 0x0102_0304,
            capacity: 64,
            len: 60,
            dtype: 1,
            rank: 3,
            flags: 0,
            dims: [1, 3, 5, 0, 0, 0, 0, 0],
        };
        let bytes = tensor.to_bytes();
        assert_eq!(bytes[..4], [4, 3, 2, 1]);
        assert_eq!(Tensor::from_bytes(&bytes), tensor);
    }
}
