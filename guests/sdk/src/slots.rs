use guest_abi::slot;

use crate::{Error, memory::Buffer};

/// The greatest number of inputs and outputs together.
pub const TENSORS_MAX: usize = 62;

const FIRST: usize = 2;
const _: () = assert!(slot::DESCRIPTORS == 0 && slot::MODEL == 1 && slot::TENSORS == 2);

/// The buffers that the host asked for, by their numbers.
pub(crate) struct Slots {
    pub(crate) table: Buffer,
    model: Option<Buffer>,
    pub(crate) tensors: [Buffer; TENSORS_MAX],
}

impl Slots {
    pub(crate) const fn new() -> Self {
        Self {
            table: Buffer::new(),
            model: Some(Buffer::new()),
            tensors: [const { Buffer::new() }; TENSORS_MAX],
        }
    }

    /// `weir_buffer`: the address, or 0 where the buffer is refused or was freed.
    pub(crate) fn reserve(&mut self, slot: i32, len: i32) -> u32 {
        let (Ok(slot), Ok(len)) = (usize::try_from(slot), usize::try_from(len)) else {
            return 0;
        };
        let Some(buffer) = self.buffer(slot) else {
            return 0;
        };
        if len == 0 {
            *buffer = Buffer::new();
            return 0;
        }
        if buffer.grow(len) {
            buffer.address(slot)
        } else {
            0
        }
    }

    /// Gives the model's bytes to the guest for as long as the instance lives.
    pub(crate) fn lend_model(&mut self, address: u32, len: u32) -> Result<&'static [u8], Error> {
        let buffer = self
            .model
            .take_if(|buffer| buffer.range(1, address, len).is_some());
        let range = buffer
            .as_ref()
            .and_then(|buffer| buffer.range(1, address, len));
        let (Some(buffer), Some(range)) = (buffer, range) else {
            return Err(Error::Descriptor {
                what: "model",
                index: 0,
            });
        };
        Ok(&buffer.lend()[range])
    }

    #[cfg(test)]
    pub(crate) fn model_mut(&mut self) -> &mut [u8] {
        self.model.as_mut().expect("not lent").bytes_mut()
    }

    fn buffer(&mut self, slot: usize) -> Option<&mut Buffer> {
        match slot {
            0 => Some(&mut self.table),
            1 => self.model.as_mut(),
            _ => self.tensors.get_mut(slot - FIRST),
        }
    }
}

/// The slot of a tensor.
pub(crate) const fn tensor_slot(position: usize) -> usize {
    FIRST + position
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_slots_and_lengths_are_refused() {
        let mut slots = Slots::new();
        let last = i32::try_from(TENSORS_MAX).expect("small") + 1;
        assert_ne!(slots.reserve(last, 16), 0);
        assert_eq!(slots.reserve(last + 1, 16), 0);
        assert_eq!(slots.reserve(-1, 16), 0);
        assert_eq!(slots.reserve(2, -1), 0);
        assert_eq!(slots.reserve(2, 0), 0);
    }

    #[test]
    fn length_zero_frees() {
        let mut slots = Slots::new();
        assert_ne!(slots.reserve(2, 64), 0);
        assert_eq!(slots.tensors[0].bytes().len(), 64);
        assert_eq!(slots.reserve(2, 0), 0);
        assert!(slots.tensors[0].bytes().is_empty());
    }

    #[test]
    fn a_lent_model_is_never_moved() {
        let mut slots = Slots::new();
        let at = slots.reserve(1, 20);
        assert!(slots.lend_model(at, 33).is_err());
        assert!(slots.lend_model(at + 32, 1).is_err());
        assert_eq!(slots.lend_model(at, 20).expect("lends").len(), 20);
        assert_eq!(slots.reserve(1, 20), 0);
        assert!(slots.lend_model(at, 20).is_err());
    }
}
