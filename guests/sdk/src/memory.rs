//! The only module with `unsafe` code: memory that the host writes to, and the one instance.
#![expect(
    unsafe_code,
    reason = "memory shared with the host, see each SAFETY comment"
)]

use alloc::vec::Vec;
use core::{cell::RefCell, ops::Range};

use bytemuck::{Pod, Zeroable};

/// The alignment that the ABI promises for every buffer.
pub(crate) const ALIGN: usize = 16;

#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Block([u8; ALIGN]);

const _: () = assert!(size_of::<Block>() == ALIGN && align_of::<Block>() == ALIGN);

// SAFETY: sixteen bytes with no padding; all of them zero is a value.
unsafe impl Zeroable for Block {}
// SAFETY: every pattern of these bytes is a value, there is no padding and no pointer inside.
unsafe impl Pod for Block {}

/// A buffer that the host asked for. It writes there between two calls only, never during one.
pub(crate) struct Buffer {
    blocks: Vec<Block>,
}

impl Buffer {
    pub(crate) const fn new() -> Self {
        Self { blocks: Vec::new() }
    }

    /// Holds at least so many bytes from now on and keeps what it holds; false = no memory is left.
    #[must_use]
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let blocks = bytes.div_ceil(ALIGN);
        let missing = blocks.saturating_sub(self.blocks.len());
        if self.blocks.try_reserve_exact(missing).is_err() {
            return false;
        }
        self.blocks
            .resize(blocks.max(self.blocks.len()), Block::zeroed());
        true
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.blocks)
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(&mut self.blocks)
    }

    /// Gives the memory away for as long as the instance lives.
    pub(crate) fn lend(self) -> &'static [u8] {
        bytemuck::cast_slice(self.blocks.leak())
    }

    /// Where the buffer of this slot lies, for the host.
    pub(crate) fn address(&self, slot: usize) -> u32 {
        address_of(self.bytes(), slot)
    }

    /// Where so many bytes at an address of the host lie within the buffer; none = not inside.
    pub(crate) fn range(&self, slot: usize, address: u32, len: u32) -> Option<Range<usize>> {
        let start = if len == 0 {
            0
        } else {
            address.checked_sub(self.address(slot))?
        };
        let start = usize::try_from(start).ok()?;
        let end = start.checked_add(usize::try_from(len).ok()?)?;
        (end <= self.bytes().len()).then_some(start..end)
    }
}

/// The address of something that the host may read, as the ABI passes it.
#[cfg(target_arch = "wasm32")]
pub(crate) fn address_of<T: ?Sized>(value: &T, _slot: usize) -> u32 {
    let address = core::ptr::from_ref(value).addr();
    u32::try_from(address).expect("an address of wasm32 has 32 bits")
}

/// Outside of WebAssembly, where addresses are longer, the slot's number stands for the address, so
/// that tests call what a host calls.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn address_of<T: ?Sized>(_value: &T, slot: usize) -> u32 {
    let slot = u32::try_from(slot).expect("a slot's number is small");
    (slot + 1) << 20
}

/// The one instance of a guest.
pub(crate) struct Single<T>(RefCell<T>);

// SAFETY: wasm32 without the feature `atomics` has one thread. The cell refuses a call that comes in
// while another one runs: out of an imported function, or after a trap.
#[cfg(all(target_arch = "wasm32", not(target_feature = "atomics")))]
unsafe impl<T> Sync for Single<T> {}

impl<T> Single<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    /// None while a call runs, and for ever after one trapped.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        Some(work(&mut *self.0.try_borrow_mut().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_keeps_the_contents_and_the_alignment() {
        let mut buffer = Buffer::new();
        assert!(buffer.grow(3));
        buffer.bytes_mut()[..3].copy_from_slice(&[1, 2, 3]);
        assert!(buffer.grow(100_000));
        assert_eq!(buffer.bytes()[..4], [1, 2, 3, 0]);
        assert!(buffer.bytes().as_ptr().addr().is_multiple_of(ALIGN));
        assert!(buffer.grow(1));
        assert_eq!(buffer.bytes().len(), 100_000);
        assert!(!buffer.grow(usize::MAX / 2));
        assert_eq!(buffer.bytes().len(), 100_000);
    }

    #[test]
    fn only_addresses_inside_have_a_range() {
        let mut buffer = Buffer::new();
        assert!(buffer.grow(32));
        let base = buffer.address(5);
        assert_eq!(buffer.range(5, base + 8, 24), Some(8..32));
        assert_eq!(buffer.range(5, base + 8, 25), None);
        assert_eq!(buffer.range(5, base - 1, 4), None);
        assert_eq!(buffer.range(5, base, u32::MAX), None);
        assert_eq!(buffer.range(5, u32::MAX, 1), None);
        assert_eq!(buffer.range(5, 0, 0), Some(0..0));
        assert_eq!(Buffer::new().range(5, base, 1), None);
    }

    #[test]
    fn a_call_within_a_call_is_refused() {
        let single = Single::new(1);
        let inner = single.with(|_| single.with(|value| *value));
        assert_eq!(inner, Some(None));
        assert_eq!(single.with(|value| *value), Some(1));
    }
}
