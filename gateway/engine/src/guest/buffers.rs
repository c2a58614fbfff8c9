use guest_abi::{TENSOR_BYTES, TensorInfo, slot};

use super::{PointerFault, phase::Phase};
use crate::{
    Export, Instance, Signature, Trap, check_region, memory::count, signature::fixed_bytes,
};

/// The alignment that `weir_buffer` promises.
const ALIGN: u32 = 16;
/// What an output of varying size starts with; it grows when the guest asks.
const VARYING_START_BYTES: u64 = 1024;

/// Bytes in guest memory that the guest reserved for the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Buffer {
    slot: i32,
    pub(super) address: u32,
    pub(super) capacity: u32,
}

/// Every buffer that the host asked for. Each lies in memory (which never shrinks), aligned, apart from the others.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    held: Vec<Buffer>,
}

/// Why a buffer cannot be had.
#[derive(Debug)]
pub(super) enum BufferError {
    Trap(Trap),
    Refused { slot: i32, bytes: u64 },
    Pointer(PointerFault),
}

impl Buffers {
    /// Reserves the table and a buffer for every tensor.
    pub(super) fn reserve_all(
        &mut self,
        instance: &mut dyn Instance,
        phase: &Phase,
        signature: &Signature,
    ) -> Result<(), BufferError> {
        let (inputs, outputs) = (signature.inputs(), signature.outputs());
        let table = count(inputs.len() + outputs.len()) * count(TENSOR_BYTES);
        self.reserve(instance, phase, slot::DESCRIPTORS, table)?;
        for (slot, info) in (slot::TENSORS..).zip(inputs.iter().chain(outputs)) {
            self.reserve(instance, phase, slot, start_bytes(info))?;
        }
        Ok(())
    }

    /// Reserves or grows the buffer of a slot, where it is not large enough already.
    pub(super) fn reserve(
        &mut self,
        instance: &mut dyn Instance,
        phase: &Phase,
        slot: i32,
        bytes: u64,
    ) -> Result<Buffer, BufferError> {
        let bytes = bytes.max(u64::from(ALIGN));
        if let Some(held) = self.get(slot).filter(|held| bytes <= held.capacity.into()) {
            return Ok(held);
        }
        let refused = || BufferError::Refused { slot, bytes };
        let len = i32::try_from(bytes).map_err(|_| refused())?;
        let address = phase
            .call(instance, Export::Buffer, &[slot, len])
            .map_err(BufferError::Trap)?
            .cast_unsigned();
        if address == 0 {
            return Err(refused());
        }
        self.held.retain(|held| held.slot != slot);
        let capacity = len.cast_unsigned();
        self.check(instance, address, capacity)
            .map_err(BufferError::Pointer)?;
        let buffer = Buffer {
            slot,
            address,
            capacity,
        };
        self.held.push(buffer);
        Ok(buffer)
    }

    /// The buffer of a slot, once reserved.
    pub(super) fn get(&self, slot: i32) -> Option<Buffer> {
        self.held.iter().copied().find(|held| held.slot == slot)
    }

    fn check(
        &self,
        instance: &mut dyn Instance,
        address: u32,
        len: u32,
    ) -> Result<(), PointerFault> {
        if !address.is_multiple_of(ALIGN) {
            return Err(PointerFault::Misaligned { address });
        }
        let len = u64::from(len);
        check_region(instance.memory_bytes(), address, len)?;
        let (start, end) = (u64::from(address), u64::from(address) + len);
        let overlaps = |held: &Buffer| {
            let held_start = u64::from(held.address);
            start < held_start + u64::from(held.capacity) && held_start < end
        };
        if self.held.iter().any(overlaps) {
            return Err(PointerFault::Overlapping { address, len });
        }
        Ok(())
    }
}

/// The slot of the tensor with this index in the table.
pub(super) fn tensor_slot(index: usize) -> i32 {
    i32::try_from(index).map_or(i32::MAX, |index| slot::TENSORS.saturating_add(index))
}

fn start_bytes(info: &TensorInfo) -> u64 {
    fixed_bytes(info).unwrap_or_else(|| u64::from(info.len_max).min(VARYING_START_BYTES))
}
