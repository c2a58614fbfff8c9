//! What the firmware is given: a guest, its model and its inputs, in one file that is put into flash as it is.
//!
//! [`MAGIC`], then a [`Feed`] in postcard. Who makes the file and the chip that reads it share these types.
#![no_std]

extern crate alloc;

use alloc::vec::Vec;

use guest_abi::{StatePair, TensorInfo};
use serde::{Deserialize, Serialize};

/// The file's first bytes, with its version.
pub const MAGIC: [u8; 8] = *b"weir-fw1";
/// Where the firmware looks for it (`_feed_start` in `memory.x`).
pub const ADDRESS: u32 = 0x000C_0000;
/// The room that the chip has for it.
pub const FEED_BYTES_MAX: usize = 256 * 1024;

/// A guest, what it may use, and the calls to make. Borrowed from flash: reading it takes no memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Feed<'a> {
    /// RAM set aside for the guest's linear memory: what it has on a gateway after it was opened.
    pub memory_bytes_max: u32,
    /// Fuel of one call, as the device profile states it.
    pub fuel_max: u64,
    /// The guest's module.
    #[serde(borrow)]
    pub guest: &'a [u8],
    /// Its model; empty = none.
    #[serde(borrow)]
    pub model: &'a [u8],
    /// [`Calls`] in postcard, read once there is a heap.
    #[serde(borrow)]
    pub calls: &'a [u8],
}

/// The calls to make, one after the other, as one device's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Calls<'a> {
    /// The inputs of `predict` in order, state included, with the sizes that every call has.
    pub inputs: Vec<TensorInfo>,
    /// Its outputs in order; `len_max` bytes are reserved for each.
    pub outputs: Vec<TensorInfo>,
    /// The outputs that become inputs of the next call.
    pub state: Vec<StatePair>,
    /// The elements of the inputs that are no state: those of the first call, of the second …
    #[serde(borrow)]
    pub data: &'a [u8],
}

/// Why a feed cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedError {
    /// It does not begin with [`MAGIC`].
    Missing,
    /// What follows is not what this version reads.
    Corrupt,
}

impl<'a> Feed<'a> {
    /// The file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let bytes = postcard::to_extend(self, MAGIC.to_vec());
        bytes.expect("a vector takes everything, and slices are not fallible")
    }

    /// Reads the file; whatever follows it is ignored, as flash goes on.
    ///
    /// # Errors
    /// Fails where the bytes are no feed.
    pub fn decode(flash: &'a [u8]) -> Result<Self, FeedError> {
        let rest = flash.strip_prefix(&MAGIC).ok_or(FeedError::Missing)?;
        let (feed, _) = postcard::take_from_bytes(rest).map_err(|_| FeedError::Corrupt)?;
        Ok(feed)
    }
}

impl<'a> Calls<'a> {
    /// The bytes for [`Feed::calls`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a vector takes everything, and slices are not fallible")
    }

    /// Reads [`Feed::calls`].
    ///
    /// # Errors
    /// Fails where the bytes are something else.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FeedError> {
        postcard::from_bytes(bytes).map_err(|_| FeedError::Corrupt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_whatever_follows_it() {
        let calls = Calls {
            inputs: Vec::new(),
            outputs: Vec::new(),
            state: Vec::new(),
            data: &[1, 2, 3],
        };
        let calls = calls.encode();
        let feed = Feed {
            memory_bytes_max: 65_536,
            fuel_max: 20_000_000,
            guest: b"\0asm",
            model: &[],
            calls: &calls,
        };
        let mut flash = feed.encode();
        flash.extend([0xff; 64]);
        let read = Feed::decode(&flash).expect("a feed");
        assert_eq!((read.guest, read.memory_bytes_max), (feed.guest, 65_536));
        assert_eq!(Calls::decode(read.calls).expect("calls").data, [1, 2, 3]);
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(Feed::decode(&[0; 64]).err(), Some(FeedError::Missing));
        assert_eq!(Feed::decode(&MAGIC).err(), Some(FeedError::Corrupt));
        assert_eq!(Calls::decode(&[200]).err(), Some(FeedError::Corrupt));
    }
}
