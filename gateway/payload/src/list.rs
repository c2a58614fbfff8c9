use core::fmt;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq};

use crate::PayloadError;

/// A sequence that needs no allocator: a slice where it is written, checked bytes where it was read.
#[derive(Clone, Copy)]
pub enum List<'a, T> {
    /// To be written.
    Slice(&'a [T]),
    /// As read. Made by this crate only, after every item was read once.
    Encoded(Encoded<'a>),
}

/// Items in postcard's format, checked.
#[derive(Debug, Clone, Copy)]
pub struct Encoded<'a> {
    count: usize,
    bytes: &'a [u8],
}

/// The items of a [`List`], in order.
#[derive(Debug, Clone)]
pub enum Items<'a, T> {
    /// Of a slice.
    Slice(core::slice::Iter<'a, T>),
    /// Of checked bytes.
    Encoded(Encoded<'a>),
}

impl<'a, T> List<'a, T> {
    /// No items.
    pub const EMPTY: Self = Self::Slice(&[]);

    /// How many items there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Slice(items) => items.len(),
            Self::Encoded(encoded) => encoded.count,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a, T: Copy + Deserialize<'a>> List<'a, T> {
    /// The items, in order.
    #[must_use]
    pub fn iter(&self) -> Items<'a, T> {
        match *self {
            Self::Slice(items) => Items::Slice(items.iter()),
            Self::Encoded(encoded) => Items::Encoded(encoded),
        }
    }

    /// Reads a list at the start of the bytes and returns what follows.
    pub(crate) fn take(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), PayloadError> {
        let (count, start) = postcard::take_from_bytes::<u32>(bytes)?;
        let mut rest = start;
        for _ in 0..count {
            (_, rest) = postcard::take_from_bytes::<T>(rest)?;
        }
        let encoded = Encoded {
            count: usize::try_from(count).unwrap_or(usize::MAX),
            bytes: &start[..start.len() - rest.len()],
        };
        Ok((Self::Encoded(encoded), rest))
    }
}

impl<'a, T: Copy + Deserialize<'a>> Iterator for Items<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match self {
            Self::Slice(items) => items.next().copied(),
            Self::Encoded(encoded) => {
                encoded.count = encoded.count.checked_sub(1)?;
                let (item, rest) = postcard::take_from_bytes(encoded.bytes).ok()?;
                encoded.bytes = rest;
                Some(item)
            }
        }
    }
}

impl<'a, T: Copy + Deserialize<'a> + fmt::Debug> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Copy + Deserialize<'a> + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Copy + Deserialize<'a> + Serialize> Serialize for List<'a, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.len()))?;
        for item in self.iter() {
            sequence.serialize_element(&item)?;
        }
        sequence.end()
    }
}
