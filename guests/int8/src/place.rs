use core::ops::Range;

use crate::Shape;

/// Where activations lie, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The first byte.
    pub at: u32,
    /// The sizes.
    pub shape: Shape,
    /// What stands for 0.
    pub zero_point: i8,
}

impl Place {
    /// Where it lies in the activations; what [`Steps`] gives is within them.
    pub(crate) fn range(&self) -> Range<usize> {
        let start = usize::try_from(self.at).unwrap_or(usize::MAX);
        let bytes = usize::try_from(self.shape.elements()).unwrap_or(usize::MAX);
        start..start.saturating_add(bytes)
    }

    fn end(&self) -> u64 {
        u64::from(self.at).saturating_add(self.shape.elements())
    }

    pub(crate) fn is_within(&self, bytes: u32) -> bool {
        self.end() <= u64::from(bytes)
    }

    pub(crate) fn touches(&self, other: &Self) -> bool {
        u64::from(self.at) < other.end() && u64::from(other.at) < self.end()
    }
}
