use core::{fmt, ops::Deref};

use guest_abi::{RANK_MAX, Tensor};

/// The sizes of a tensor, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dims {
    sizes: [u32; RANK_MAX],
    rank: u8,
}

impl Dims {
    /// None where there are more sizes than a descriptor holds.
    #[must_use]
    pub fn new(sizes: &[u32]) -> Option<Self> {
        let mut dims = Self {
            sizes: [0; RANK_MAX],
            rank: u8::try_from(sizes.len()).ok()?,
        };
        dims.sizes.get_mut(..sizes.len())?.copy_from_slice(sizes);
        Some(dims)
    }

    pub(crate) fn of(tensor: &Tensor) -> Option<Self> {
        Self::new(tensor.dims.get(..usize::from(tensor.rank))?)
    }

    pub(crate) fn write_to(&self, tensor: &mut Tensor) {
        tensor.dims = self.sizes;
        tensor.rank = self.rank;
    }

    /// The number of bytes of so many elements; none beyond 4 GiB.
    pub(crate) fn bytes(&self, element_bytes: usize) -> Option<u32> {
        let element_bytes = u32::try_from(element_bytes).ok()?;
        self.iter()
            .try_fold(element_bytes, |bytes, size| bytes.checked_mul(*size))
    }
}

impl Deref for Dims {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.sizes[..usize::from(self.rank)]
    }
}

impl fmt::Display for Dims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (axis, size) in self.iter().enumerate() {
            let separator = if axis == 0 { "" } else { ", " };
            write!(f, "{separator}{size}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn sizes_multiply_without_wrapping() {
        let dims = Dims::new(&[1, 3, 128]).expect("rank 3");
        assert_eq!(dims.bytes(4), Some(1536));
        assert_eq!(dims.to_string(), "[1, 3, 128]");
        assert_eq!(Dims::new(&[]).expect("a scalar").bytes(8), Some(8));
        let huge = Dims::new(&[0x1_0000, 0x1_0000]).expect("rank 2");
        assert_eq!(huge.bytes(1), None);
        assert_eq!(Dims::new(&[1; RANK_MAX + 1]), None);
    }
}
