//! An allocator that counts what each thread asks for.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ops::{Add, Sub},
};

/// The system's allocator, counting.
pub(crate) struct Counting;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How often, growing what there was included.
    pub(crate) allocations: u64,
    /// How much.
    pub(crate) bytes: u64,
}

thread_local! {
    static TALLY: Cell<Tally> = const {
        Cell::new(Tally {
            allocations: 0,
            bytes: 0,
        })
    };
}

/// What this thread has asked for since it started.
pub(crate) fn tally() -> Tally {
    TALLY.get()
}

fn note(bytes: usize) {
    let one = Tally {
        allocations: 1,
        bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
    };
    // A thread that ends may still allocate after its counter is gone; nobody asks for it any more.
    TALLY.try_with(|tally| tally.set(tally.get() + one)).ok();
}

#[expect(unsafe_code, reason = "an allocator is unsafe by contract")]
// SAFETY: every call is passed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        note(bytes);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, bytes) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            allocations: self.allocations + more.allocations,
            bytes: self.bytes.saturating_add(more.bytes),
        }
    }
}

impl Sub for Tally {
    type Output = Self;

    fn sub(self, less: Self) -> Self {
        Self {
            allocations: self.allocations - less.allocations,
            bytes: self.bytes - less.bytes,
        }
    }
}
