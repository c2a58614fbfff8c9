use guest_abi::{DType, TENSOR_BYTES, Tensor as Descriptor};

use super::phase::Phase;
use crate::{AccessError, Export, Instance, Trap};

/// What of a guest's own words is kept.
const WORDS_BYTES_MAX: usize = 512;

/// The guest's words about its last failure; empty where it has none, or says them wrongly.
pub(super) fn words(instance: &mut dyn Instance, phase: &Phase) -> Result<String, Trap> {
    if !instance.has(Export::Error) {
        return Ok(String::new());
    }
    let address = phase.call(instance, Export::Error, &[])?;
    match read(instance, address.cast_unsigned()) {
        Ok(words) => Ok(words),
        Err(AccessError::Outside(_)) => Ok(String::new()),
        Err(AccessError::Ended(trap)) => Err(trap),
    }
}

fn read(instance: &mut dyn Instance, address: u32) -> Result<String, AccessError> {
    if address == 0 {
        return Ok(String::new());
    }
    let mut bytes = [0; TENSOR_BYTES];
    instance.read(address, &mut bytes)?;
    let found = Descriptor::from_bytes(&bytes);
    if DType::from_code(found.dtype) != Some(DType::U8) {
        return Ok(String::new());
    }
    let mut text = [0; WORDS_BYTES_MAX];
    let len = usize::try_from(found.len).map_or(WORDS_BYTES_MAX, |len| len.min(WORDS_BYTES_MAX));
    instance.read(found.data, &mut text[..len])?;
    Ok(one_line(&String::from_utf8_lossy(&text[..len])))
}

/// Control characters (a line break in a log, an escape in a terminal) become spaces.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
