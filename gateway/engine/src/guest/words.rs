use guest_abi::{DType, TENSOR_BYTES, Tensor as Descriptor};

use super::{buffers::region, phase::Phase};
use crate::{Export, Instance, Trap};

/// What of a guest's own words is kept.
const WORDS_BYTES_MAX: u32 = 512;

/// The guest's words about its last failure; empty where it has none, or says them wrongly.
pub(super) fn words(instance: &mut dyn Instance, phase: &Phase) -> Result<String, Trap> {
    if !instance.has(Export::Error) {
        return Ok(String::new());
    }
    let address = phase.call(instance, Export::Error, &[])?;
    Ok(read(instance.memory(), address.cast_unsigned()).unwrap_or_default())
}

fn read(memory: &mut [u8], address: u32) -> Option<String> {
    if address == 0 {
        return None;
    }
    let mut bytes = [0; TENSOR_BYTES];
    let len = u64::try_from(TENSOR_BYTES).ok()?;
    bytes.copy_from_slice(region(memory, address, len).ok()?);
    let found = Descriptor::from_bytes(&bytes);
    if DType::from_code(found.dtype) != Some(DType::U8) {
        return None;
    }
    let len = found.len.min(WORDS_BYTES_MAX);
    let text = region(memory, found.data, len.into()).ok()?;
    Some(one_line(&String::from_utf8_lossy(text)))
}

/// Control characters (a line break in a log, an escape in a terminal) become spaces.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
