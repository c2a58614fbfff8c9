//! A heap without a fixed size, for guests without `std`.
#![expect(
    unsafe_code,
    reason = "hands the memory behind the data to the allocator, see each SAFETY comment"
)]

use core::{
    alloc::Layout,
    arch::wasm32::{memory_grow, memory_size},
    ptr::NonNull,
};

use talc::{
    base::{Talc, binning::Binning},
    cell::TalcSyncCell,
    source::Source,
    wasm::WasmBinning,
};

const PAGE_BYTES: usize = 65_536;

/// The allocator of [`growing_heap!`](crate::growing_heap).
pub type GrowingHeap = TalcSyncCell<Pages, WasmBinning>;

/// An allocator that has no memory yet.
#[must_use]
pub const fn growing_heap() -> GrowingHeap {
    TalcSyncCell::new_wasm(Pages { end: None })
}

/// First what the first pages have left behind stack and data, then one page after the other.
#[derive(Debug)]
pub struct Pages {
    end: Option<NonNull<u8>>,
}

// SAFETY: allocates nothing and does not name the allocator that calls it.
unsafe impl Source for Pages {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, _: Layout) -> Result<(), ()> {
        let Some(end) = talc.source.end else {
            return claim_rest(talc);
        };
        let pages = memory_grow::<0>(1);
        if pages == usize::MAX {
            return Err(());
        }
        let new_end = end.as_ptr().with_addr((pages + 1) * PAGE_BYTES);
        // SAFETY: `end` came from this allocator; the new page is behind it, and nobody else grows
        // the memory.
        talc.source.end = Some(unsafe { talc.extend(end, new_end) });
        Ok(())
    }
}

fn claim_rest<B: Binning>(talc: &mut Talc<Pages, B>) -> Result<(), ()> {
    unsafe extern "C" {
        /// Where the linker says that nothing lies any more.
        safe static mut __heap_base: u8;
    }
    let base = &raw mut __heap_base;
    let bytes = memory_size::<0>() * PAGE_BYTES - base.addr();
    // SAFETY: from the linker's `__heap_base` to the end of the memory nothing else lies.
    talc.source.end = unsafe { talc.claim(base, bytes) };
    talc.source.end.map(|_| ()).ok_or(())
}
