use guest_abi::{DType, RANK_MAX, Tensor as Descriptor, TensorInfo};

use super::{
    InvokeError, OutputFault,
    buffers::{Buffers, tensor_slot},
};
use crate::{
    Instance, Signature, State, Tensor, check_region,
    signature::{bytes_of, dims_fit},
};

/// The outputs of one call, as claimed.
pub(super) struct Returned<'a> {
    pub(super) signature: &'a Signature,
    pub(super) buffers: &'a Buffers,
    pub(super) found: &'a [Descriptor],
}

/// One output: what is stated of it, its index in the table, and what the guest claims.
type Claim<'a> = (&'a TensorInfo, usize, &'a Descriptor);

impl Returned<'_> {
    fn claims(&self) -> impl Iterator<Item = Claim<'_>> {
        let first = self.signature.inputs().len();
        let stated = self.signature.outputs().iter();
        stated
            .zip(first..)
            .zip(self.found)
            .map(|((info, index), found)| (info, index, found))
    }

    /// Checks every claim before one is taken.
    pub(super) fn check(&self, memory_bytes: u64, bytes_max: u64) -> Result<(), InvokeError> {
        let mut total = 0;
        for (info, index, found) in self.claims() {
            let buffer = self.buffers.of(tensor_slot(index))?;
            if let Some(fault) = fault(info, found, buffer.address, buffer.capacity) {
                let name = info.name.clone();
                return Err(InvokeError::OutputInvalid { name, fault });
            }
            total += u64::from(found.len);
            too_large(info, found.len.into(), info.len_max.into())?;
            too_large(info, total, bytes_max)?;
            check_region(memory_bytes, buffer.address, found.len.into())
                .map_err(InvokeError::BadPointer)?;
        }
        Ok(())
    }

    /// Copies the outputs out: state into `after`, the others into `outputs`. It may fail half-way, where the
    /// guest has ended: a device's state is replaced by `after` once all of them are there.
    pub(super) fn take(
        &self,
        instance: &mut dyn Instance,
        after: &mut State,
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), InvokeError> {
        outputs.resize_with(self.signature.given_outputs().count(), Tensor::empty);
        let mut given = outputs.iter_mut();
        let first = self.signature.inputs().len();
        for (info, index, found) in self.claims() {
            let address = self.buffers.of(tensor_slot(index))?.address;
            let mut links = self.signature.links().iter();
            match links.position(|link| link.output + first == index) {
                Some(kept) => {
                    if let Some(tensor) = after.tensors.get_mut(kept) {
                        instance.read(address, tensor.set(None, found))?;
                    }
                }
                None => {
                    if let Some(tensor) = given.next() {
                        instance.read(address, tensor.set(Some(&info.name), found))?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Tensor {
    fn empty() -> Self {
        Self {
            name: String::new(),
            dtype: DType::U8,
            dims: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Takes over a checked claim, and gives the room for its bytes; allocates only where it grows.
    fn set(&mut self, name: Option<&str>, found: &Descriptor) -> &mut [u8] {
        if let Some(name) = name.filter(|name| self.name != **name) {
            name.clone_into(&mut self.name);
        }
        self.dtype = DType::from_code(found.dtype).unwrap_or(self.dtype);
        self.dims.clear();
        self.dims.extend_from_slice(dims(found));
        let bytes = usize::try_from(found.len).unwrap_or(usize::MAX);
        self.data.resize(bytes, 0);
        &mut self.data
    }
}

/// The slots whose buffers the guest wants larger, with the bytes to reserve: what it asks for and some room.
pub(super) fn wishes(
    signature: &Signature,
    buffers: &Buffers,
    found: &[Descriptor],
    bytes_max: u64,
) -> Result<Vec<(i32, u64)>, InvokeError> {
    let returned = Returned {
        signature,
        buffers,
        found,
    };
    let mut wishes = Vec::new();
    let mut total = 0;
    for (info, index, found) in returned.claims() {
        let capacity = buffers.of(tensor_slot(index))?.capacity;
        if found.len <= capacity {
            continue;
        }
        let asked = u64::from(found.len);
        let len_max = u64::from(info.len_max);
        total += asked;
        too_large(info, asked, len_max)?;
        too_large(info, total, bytes_max)?;
        let room = asked.next_power_of_two().min(len_max).min(bytes_max);
        wishes.push((tensor_slot(index), room));
    }
    Ok(wishes)
}

fn too_large(info: &TensorInfo, bytes: u64, bytes_max: u64) -> Result<(), InvokeError> {
    if bytes <= bytes_max {
        return Ok(());
    }
    Err(InvokeError::OutputTooLarge {
        name: info.name.clone(),
        bytes,
        bytes_max,
    })
}

fn fault(
    info: &TensorInfo,
    found: &Descriptor,
    address: u32,
    capacity: u32,
) -> Option<OutputFault> {
    let len = found.len;
    if found.data != address {
        return Some(OutputFault::Moved);
    }
    if len > capacity {
        return Some(OutputFault::BeyondBuffer { len, capacity });
    }
    let dtype = info.dtype().filter(|dtype| dtype.code() == found.dtype);
    let Some(dtype) = dtype else {
        let (stated, found) = (info.dtype, found.dtype);
        return Some(OutputFault::Type { stated, found });
    };
    if usize::from(found.rank) > RANK_MAX || !dims_fit(&info.dims, dims(found)) {
        return Some(OutputFault::Dims {
            stated: info.dims.clone(),
            found: dims(found).to_vec(),
            rank: found.rank,
        });
    }
    if bytes_of(dtype, dims(found)) != Some(u64::from(len)) {
        let dims = dims(found).to_vec();
        return Some(OutputFault::Length { len, dims });
    }
    None
}

/// The sizes that count: as many as the rank says, at most all.
fn dims(found: &Descriptor) -> &[u32] {
    &found.dims[..usize::from(found.rank).min(RANK_MAX)]
}
