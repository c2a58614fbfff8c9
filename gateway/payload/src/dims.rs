use core::fmt;

use guest_abi::RANK_MAX;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
    ser::SerializeSeq,
};

/// A tensor's sizes, at most eight; none = the elements follow each other as the receiver's model takes them.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Dims {
    rank: usize,
    sizes: [u32; RANK_MAX],
}

impl Dims {
    /// No sizes.
    pub const FLAT: Self = Self {
        rank: 0,
        sizes: [0; RANK_MAX],
    };

    /// These sizes; none where there are more than eight.
    #[must_use]
    pub fn new(sizes: &[u32]) -> Option<Self> {
        let mut dims = Self {
            rank: sizes.len(),
            ..Self::FLAT
        };
        dims.sizes.get_mut(..sizes.len())?.copy_from_slice(sizes);
        Some(dims)
    }

    /// The sizes.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        &self.sizes[..self.rank]
    }
}

impl fmt::Debug for Dims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

impl Serialize for Dims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sizes = serializer.serialize_seq(Some(self.rank))?;
        for size in self.as_slice() {
            sizes.serialize_element(size)?;
        }
        sizes.end()
    }
}

impl<'de> Deserialize<'de> for Dims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Sizes)
    }
}

struct Sizes;

impl<'de> Visitor<'de> for Sizes {
    type Value = Dims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("at most eight sizes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Dims, A::Error> {
        let mut dims = Dims::FLAT;
        while let Some(size) = seq.next_element()? {
            let place = dims
                .sizes
                .get_mut(dims.rank)
                .ok_or_else(|| A::Error::custom("more than eight sizes"))?;
            *place = size;
            dims.rank += 1;
        }
        Ok(dims)
    }
}
