//! What the linker and the painted stack know: where things lie, and how much of it was used.
#![expect(unsafe_code, reason = "the linker's symbols are addresses")]

use core::{ops::Range, ptr, slice};

use cortex_m_rt::STACK_PAINT_VALUE;

use crate::{fence, guest::Guest, heap, say::say};

unsafe extern "C" {
    static __sheap: u32;
    static _stack_end: u32;
    static _stack_start: u32;
    static _feed_start: u8;
    static _feed_end: u8;
    static _ram_start: u8;
    static _ram_end: u8;
    static __vector_table: u8;
    static __sidata: u8;
    static __sdata: u8;
    static __edata: u8;
}

/// What running a guest took.
pub(crate) struct Figures {
    fuel_most: u64,
    memory_bytes: usize,
    heap: heap::HeapUse,
    stack_bytes: usize,
    stack_bytes_used: usize,
    static_bytes: usize,
    ram_bytes: usize,
    flash_bytes: usize,
}

impl Figures {
    pub(crate) fn take(guest: &Guest, fuel_most: u64) -> Self {
        let stack = between(&raw const _stack_end, &raw const _stack_start);
        let ram = between(&raw const _ram_start, &raw const _ram_end);
        let code = between(&raw const __vector_table, &raw const __sidata);
        let data = between(&raw const __sdata, &raw const __edata);
        Self {
            fuel_most,
            memory_bytes: guest.memory_bytes(),
            heap: heap::used(),
            stack_bytes: stack.len(),
            stack_bytes_used: stack.len() - untouched_stack(),
            static_bytes: free_ram().start - ram.start,
            ram_bytes: ram.len(),
            flash_bytes: code.len() + data.len(),
        }
    }

    pub(crate) fn say(&self) {
        say!("fuel_most {}", self.fuel_most);
        say!("memory_bytes {}", self.memory_bytes);
        say!("heap_bytes_used {}", self.heap.used_bytes_most);
        say!("heap_bytes {}", self.heap.bytes);
        say!("stack_bytes_used {}", self.stack_bytes_used);
        say!("stack_bytes {}", self.stack_bytes);
        say!("static_bytes {}", self.static_bytes);
        say!("ram_bytes {}", self.ram_bytes);
        say!("flash_bytes {}", self.flash_bytes);
    }
}

/// The part of flash where a feed lies.
pub(crate) fn feed() -> &'static [u8] {
    let range = between(&raw const _feed_start, &raw const _feed_end);
    // SAFETY: this part of the flash is set aside in `memory.x`, and nothing writes to it while the chip runs.
    unsafe { slice::from_raw_parts(&raw const _feed_start, range.len()) }
}

/// Where the RAM begins, and where the stack ends: what the fence is about.
pub(crate) fn fenced() -> [usize; 2] {
    [
        (&raw const _ram_start).addr(),
        (&raw const _stack_end).addr(),
    ]
}

/// RAM between the statics and the stack.
pub(crate) fn free_ram() -> Range<usize> {
    between(&raw const __sheap, &raw const _stack_end)
}

/// The start-up code has painted the stack; what was never used still has the paint.
fn untouched_stack() -> usize {
    let end = (&raw const _stack_end).wrapping_byte_add(fence::BYTES);
    let words = between(end, &raw const _stack_start).len() / size_of::<u32>();
    // SAFETY: each of these words lies in the stack's part of the RAM, aligned; they are only read, as volatile
    // because the stack changes.
    let painted =
        |word: &usize| unsafe { ptr::read_volatile(end.wrapping_add(*word)) } == STACK_PAINT_VALUE;
    fence::BYTES + (0..words).take_while(painted).count() * size_of::<u32>()
}

fn between<T>(start: *const T, end: *const T) -> Range<usize> {
    start.addr()..end.addr()
}
