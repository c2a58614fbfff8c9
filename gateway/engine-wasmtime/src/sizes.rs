use std::sync::Arc;

use wasmparser::{Parser, Payload};
use weir_engine::{Instance, Limits, Module, Trap};

/// A page of WebAssembly memory.
const PAGE_BYTES: u64 = 65_536;

/// A guest of which no instance can be made: it begins with more than its limits allow. It is not compiled.
struct TooLarge(Trap);

impl Module for TooLarge {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap> {
        Err(self.0.clone())
    }
}

/// The guest, where it begins with more memory or a larger table than its limits allow.
pub(crate) fn too_large(wasm: &[u8], limits: &Limits) -> Option<Arc<dyn Module>> {
    let payloads = Parser::new(0).parse_all(wasm);
    // Both sections come before the code.
    let before_code = payloads
        .map_while(Result::ok)
        .take_while(|payload| !matches!(payload, Payload::CodeSectionStart { .. }));
    let trap = before_code
        .into_iter()
        .find_map(|payload| beyond(&payload, limits))?;
    Some(Arc::new(TooLarge(trap)))
}

fn beyond(section: &Payload<'_>, limits: &Limits) -> Option<Trap> {
    let limit_bytes = limits.memory_bytes_max;
    let limit_elements = limits.table_elements_max;
    if let Payload::MemorySection(memories) = section {
        let mut memories = memories.clone().into_iter().flatten();
        let too_large =
            memories.any(|memory| memory.initial.saturating_mul(PAGE_BYTES) > limit_bytes);
        return too_large.then_some(Trap::MemoryLimit { limit_bytes });
    }
    if let Payload::TableSection(tables) = section {
        let many = tables.count() > 1;
        let mut tables = tables.clone().into_iter().flatten();
        let too_large = many || tables.any(|table| table.ty.initial > u64::from(limit_elements));
        return too_large.then_some(Trap::TableLimit { limit_elements });
    }
    None
}
