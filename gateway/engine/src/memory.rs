use crate::{PointerFault, Trap};

/// Why guest memory cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Some of it lies outside of the memory.
    #[error(transparent)]
    Outside(#[from] PointerFault),
    /// The guest has ended, and its memory with it.
    #[error(transparent)]
    Ended(#[from] Trap),
}

/// The bytes at a guest address, where all of them lie in memory: for engines that have the memory at hand.
///
/// # Errors
/// Fails where some of them lie outside.
pub fn region(memory: &mut [u8], address: u32, len: usize) -> Result<&mut [u8], PointerFault> {
    let memory_bytes = count(memory.len());
    let len = count(len);
    let outside = PointerFault::Outside {
        address,
        len,
        memory_bytes,
    };
    check_region(memory_bytes, address, len)?;
    let start = usize::try_from(address).map_err(|_| outside)?;
    let len = usize::try_from(len).map_err(|_| outside)?;
    let end = start.checked_add(len).ok_or(outside)?;
    memory.get_mut(start..end).ok_or(outside)
}

/// Whether all of these bytes lie in a memory of that size, in 64 bits.
///
/// # Errors
/// Fails where some of them lie outside.
pub fn check_region(memory_bytes: u64, address: u32, len: u64) -> Result<(), PointerFault> {
    let inside = u64::from(address)
        .checked_add(len)
        .is_some_and(|end| end <= memory_bytes);
    if inside {
        return Ok(());
    }
    Err(PointerFault::Outside {
        address,
        len,
        memory_bytes,
    })
}

/// A host length as the 64-bit number that bounds are checked in.
pub(crate) fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
