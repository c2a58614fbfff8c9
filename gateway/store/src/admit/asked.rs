use wasmparser::{Parser, Payload};

/// The memory that an admitted guest asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedMemory {
    /// KiB at the start.
    pub kib: u64,
    /// KiB at most; none where the guest states no maximum.
    pub kib_max: Option<u64>,
}

/// Reads what an admitted guest asks for; nothing of a module without a memory of its own.
#[must_use]
pub fn asked_memory(wasm: &[u8]) -> Option<AskedMemory> {
    let payloads = Parser::new(0).parse_all(wasm).flatten();
    let mut memories = payloads.filter_map(|payload| {
        if let Payload::MemorySection(section) = payload {
            section.into_iter().flatten().next()
        } else {
            None
        }
    });
    let kib = |pages: u64| pages.saturating_mul(64);
    memories.next().map(|memory| AskedMemory {
        kib: kib(memory.initial),
        kib_max: memory.maximum.map(kib),
    })
}
