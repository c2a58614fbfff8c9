use guest_abi::{RANK_MAX, TENSOR_BYTES, Tensor as Descriptor, slot};

use super::{
    InvokeError, PointerFault,
    buffers::{Buffer, Buffers, tensor_slot},
    phase::Phase,
};
use crate::{Instance, Signature, State, TensorRef, memory::count};

/// Where the inputs of a call come from: the caller, and the device's state.
pub(super) struct Sources<'a> {
    pub(super) signature: &'a Signature,
    pub(super) given: &'a [TensorRef<'a>],
    pub(super) state: &'a State,
}

impl Sources<'_> {
    fn inputs(&self) -> impl Iterator<Item = TensorRef<'_>> {
        let mut given = self.given.iter();
        let links = self.signature.links();
        (0..self.signature.inputs().len()).filter_map(move |index| {
            match links.iter().position(|link| link.input == index) {
                Some(kept) => self.state.tensors.get(kept).map(crate::Tensor::as_ref),
                None => given.next().copied(),
            }
        })
    }
}

/// Grows the inputs' buffers where needed, writes inputs and descriptors, and gives the arguments of `predict`.
pub(super) fn write(
    instance: &mut dyn Instance,
    phase: &Phase,
    buffers: &mut Buffers,
    sources: &Sources<'_>,
    table: &mut Vec<u8>,
) -> Result<[i32; 4], InvokeError> {
    make_room(instance, phase, buffers, sources)?;
    table.clear();
    for (index, input) in sources.inputs().enumerate() {
        let buffer = buffers.of(tensor_slot(index))?;
        instance.write(buffer.address, input.data)?;
        table.extend(input_descriptor(buffer, &input).to_bytes());
    }
    let first = sources.signature.inputs().len();
    let outputs = sources.signature.outputs().len();
    for index in first..first + outputs {
        let buffer = buffers.of(tensor_slot(index))?;
        let empty = Descriptor {
            data: buffer.address,
            capacity: buffer.capacity,
            ..Descriptor::EMPTY
        };
        table.extend(empty.to_bytes());
    }
    let address = buffers.of(slot::DESCRIPTORS)?.address;
    instance.write(address, table)?;
    arguments(address, first, outputs)
}

fn make_room(
    instance: &mut dyn Instance,
    phase: &Phase,
    buffers: &mut Buffers,
    sources: &Sources<'_>,
) -> Result<(), InvokeError> {
    let stated = sources.signature.inputs().iter();
    for (index, (input, info)) in sources.inputs().zip(stated).enumerate() {
        let bytes = count(input.data.len());
        if buffers.lacks(tensor_slot(index), bytes) {
            let len_max = u64::from(info.len_max);
            let roomy = bytes.next_power_of_two().min(len_max).max(bytes);
            buffers.reserve(instance, phase, tensor_slot(index), roomy)?;
        }
    }
    Ok(())
}

/// Reads the outputs' descriptors as the guest left them. They are claims.
pub(super) fn read(
    instance: &mut dyn Instance,
    args: &[i32; 4],
    outputs: usize,
    table: &mut Vec<u8>,
    found: &mut Vec<Descriptor>,
) -> Result<(), InvokeError> {
    let [_, _, address, _] = args.map(i32::cast_unsigned);
    table.resize(outputs * TENSOR_BYTES, 0);
    instance.read(address, table)?;
    found.clear();
    let (descriptors, _) = table.as_chunks::<TENSOR_BYTES>();
    found.extend(descriptors.iter().map(Descriptor::from_bytes));
    Ok(())
}

impl Buffers {
    /// The buffer of a slot that was reserved when the guest was opened.
    pub(super) fn of(&self, slot: i32) -> Result<Buffer, InvokeError> {
        self.get(slot)
            .ok_or(InvokeError::BadPointer(PointerFault::Missing { slot }))
    }

    fn lacks(&self, slot: i32, bytes: u64) -> bool {
        self.get(slot)
            .is_none_or(|held| bytes > u64::from(held.capacity))
    }
}

fn input_descriptor(buffer: Buffer, input: &TensorRef<'_>) -> Descriptor {
    let mut dims = [0; RANK_MAX];
    for (slot, dim) in dims.iter_mut().zip(input.dims) {
        *slot = *dim;
    }
    Descriptor {
        data: buffer.address,
        capacity: buffer.capacity,
        len: u32::try_from(input.data.len()).unwrap_or(u32::MAX),
        dtype: input.dtype.code(),
        rank: u8::try_from(input.dims.len()).unwrap_or(u8::MAX),
        flags: 0,
        dims,
    }
}

fn arguments(table: u32, inputs: usize, outputs: usize) -> Result<[i32; 4], InvokeError> {
    let outside = |len: usize| {
        InvokeError::BadPointer(PointerFault::Outside {
            address: table,
            len: count(len),
            memory_bytes: 0,
        })
    };
    let first_output = u32::try_from(inputs * TENSOR_BYTES)
        .ok()
        .and_then(|offset| table.checked_add(offset))
        .ok_or_else(|| outside(inputs * TENSOR_BYTES))?;
    let number = |count: usize| i32::try_from(count).map_err(|_| outside(count));
    Ok([
        table.cast_signed(),
        number(inputs)?,
        first_output.cast_signed(),
        number(outputs)?,
    ])
}
