//! What lies in a guest's memory, where it says that it lies there. Bounds are checked in 64 bits; a wrong address is
//! an error number, never a panic.

use weir_engine::region;

use crate::errno::Errno;

/// The bytes of a tensor record: address and number of the sizes, type, address and number of the bytes.
const RECORD_BYTES: usize = 20;

/// A tensor as a guest passes it.
pub(crate) struct Record {
    dims: u32,
    rank: u32,
    /// The number of its type.
    pub(crate) number: u8,
    data: u32,
    len: u32,
}

impl Record {
    pub(crate) fn read(memory: &mut [u8], address: i32) -> Result<Self, Errno> {
        let bytes = bytes(memory, address.cast_unsigned(), RECORD_BYTES)?;
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Ok(Self {
            dims: word(0),
            rank: word(4),
            number: bytes[8],
            data: word(12),
            len: word(16),
        })
    }

    /// Whether its sizes are these.
    pub(crate) fn has_dims(&self, memory: &mut [u8], dims: &[u32]) -> Result<bool, Errno> {
        if usize::try_from(self.rank) != Ok(dims.len()) {
            return Ok(false);
        }
        let found = bytes(memory, self.dims, dims.len() * 4)?;
        let same = |(found, dim): (&[u8], &u32)| found == dim.to_le_bytes();
        Ok(found.chunks_exact(4).zip(dims).all(same))
    }

    /// Its elements, where they have this many bytes.
    pub(crate) fn data<'m>(&self, memory: &'m mut [u8], len: usize) -> Result<&'m [u8], Errno> {
        if usize::try_from(self.len) != Ok(len) {
            return Err(Errno::InvalidArgument);
        }
        bytes(memory, self.data, len).map(|bytes| &*bytes)
    }
}

/// The bytes at an address.
pub(crate) fn bytes(memory: &mut [u8], address: u32, len: usize) -> Result<&mut [u8], Errno> {
    region(memory, address, len).map_err(|_| Errno::InvalidArgument)
}

/// A name, where it is no longer than any that a graph has.
pub(crate) fn name(memory: &mut [u8], address: i32, len: i32) -> Result<&[u8], Errno> {
    let len = usize::try_from(len.cast_unsigned()).map_err(|_| Errno::InvalidArgument)?;
    bytes(memory, address.cast_unsigned(), len).map(|bytes| &*bytes)
}

/// Writes a number.
pub(crate) fn put(memory: &mut [u8], address: i32, number: u32) -> Result<(), Errno> {
    bytes(memory, address.cast_unsigned(), 4)?.copy_from_slice(&number.to_le_bytes());
    Ok(())
}
