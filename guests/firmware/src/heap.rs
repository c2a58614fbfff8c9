//! RAM from the statics up to the stack: first the guest's linear memory, then the heap of everything else.
//!
//! The two are apart because linear memory grows in pages of 64 KiB: on one heap it would have to be copied, and there
//! is no room for two of it.
#![expect(
    unsafe_code,
    reason = "an allocator hands out memory that only it knows"
)]

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use embedded_alloc::LlffHeap;

use crate::{failure::Failure, figures};

/// Linear memory is the one thing that is allocated in whole pages, without an alignment.
const PAGE_BYTES: usize = 65_536;

/// Less heap than this is no use to an interpreter.
const HEAP_BYTES_MIN: usize = 16 * 1024;

#[global_allocator]
static RAM: Ram = Ram {
    heap: LlffHeap::empty(),
    heap_bytes: AtomicUsize::new(0),
    used_bytes_most: AtomicUsize::new(0),
    pages: Pages {
        start: AtomicUsize::new(0),
        capacity: AtomicUsize::new(0),
        taken: AtomicUsize::new(0),
    },
};

struct Ram {
    heap: LlffHeap,
    heap_bytes: AtomicUsize,
    used_bytes_most: AtomicUsize,
    pages: Pages,
}

/// The guest's linear memory: taken once, grown in place.
struct Pages {
    start: AtomicUsize,
    capacity: AtomicUsize,
    /// 0 = free.
    taken: AtomicUsize,
}

/// What the heap has given.
pub(crate) struct HeapUse {
    pub(crate) bytes: usize,
    /// The most that was in use at one time, as the heap counts it.
    pub(crate) used_bytes_most: usize,
}

/// Divides the RAM that is left. Called once, before anything is allocated.
///
/// # Errors
/// Fails where the guest's memory leaves too little for the rest.
pub(crate) fn divide(memory_bytes_max: u32) -> Result<(), Failure> {
    let free = figures::free_ram();
    let pages = usize::try_from(memory_bytes_max).unwrap_or(usize::MAX);
    let start = free.start.next_multiple_of(16);
    let heap = start
        .checked_add(pages)
        .and_then(|heap| Some(heap..free.end.checked_sub(HEAP_BYTES_MIN)?))
        .filter(|range| range.start <= range.end)
        .ok_or(Failure::NoRoom { memory_bytes_max })?;
    RAM.pages.start.store(start, Relaxed);
    RAM.pages.capacity.store(pages, Relaxed);
    let bytes = free.end - heap.start;
    RAM.heap_bytes.store(bytes, Relaxed);
    // SAFETY: the linker keeps these addresses free of statics and stack, and nothing else is told of them.
    unsafe { RAM.heap.init(heap.start, bytes) };
    Ok(())
}

pub(crate) fn used() -> HeapUse {
    HeapUse {
        bytes: RAM.heap_bytes.load(Relaxed),
        used_bytes_most: RAM.used_bytes_most.load(Relaxed),
    }
}

impl Pages {
    fn take(&self, bytes: usize) -> *mut u8 {
        let free = self.taken.load(Relaxed) == 0 && bytes <= self.capacity.load(Relaxed);
        if !free {
            return ptr::null_mut();
        }
        self.taken.store(bytes, Relaxed);
        ptr::with_exposed_provenance_mut(self.start.load(Relaxed))
    }

    fn holds(&self, place: *mut u8) -> bool {
        self.taken.load(Relaxed) != 0 && place.addr() == self.start.load(Relaxed)
    }

    fn grow(&self, place: *mut u8, bytes: usize) -> *mut u8 {
        if bytes > self.capacity.load(Relaxed) {
            return ptr::null_mut();
        }
        self.taken.store(bytes, Relaxed);
        place
    }
}

// SAFETY: blocks come from the heap, or are the one region of pages, which is handed out once at a time; the heap is
// locked by critical sections, and the chip has one thread and no interrupts.
unsafe impl GlobalAlloc for Ram {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= PAGE_BYTES && layout.align() == 1 {
            return self.pages.take(layout.size());
        }
        // SAFETY: the caller's layout is passed on.
        let place = unsafe { self.heap.alloc(layout) };
        let used = self.heap.used();
        self.used_bytes_most.fetch_max(used, Relaxed);
        place
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        if self.pages.holds(place) {
            self.pages.taken.store(0, Relaxed);
            return;
        }
        // SAFETY: it is not the pages' region, so it came from the heap, with this layout.
        unsafe { self.heap.dealloc(place, layout) };
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        if self.pages.holds(place) {
            return self.pages.grow(place, bytes);
        }
        let Ok(new) = Layout::from_size_align(bytes, layout.align()) else {
            return ptr::null_mut();
        };
        // SAFETY: the new layout is sound and not empty, as the caller promises.
        let moved = unsafe { self.alloc(new) };
        if !moved.is_null() {
            let kept = layout.size().min(bytes);
            // SAFETY: both blocks have so many bytes and are apart; the old one came from this allocator.
            unsafe {
                ptr::copy_nonoverlapping(place, moved, kept);
                self.dealloc(place, layout);
            }
        }
        moved
    }
}
