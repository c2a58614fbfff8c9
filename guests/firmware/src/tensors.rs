use alloc::vec::Vec;

use firmware_feed::Calls;
use guest_abi::{DType, RANK_MAX, StatePair, TENSOR_BYTES, Tensor, TensorInfo, slot};

use crate::{failure::Failure, guest::Guest};

/// Where a call's inputs come from.
pub(crate) enum Source {
    /// So many bytes of each call's own.
    Given(usize),
    /// The output of this place, as the call before left it.
    Kept(usize),
}

/// The buffers of a guest's tensors and the table that describes them, reserved once.
pub(crate) struct Tensors {
    pub(crate) table: u32,
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) sources: Vec<Source>,
    pub(crate) outputs: Vec<Tensor>,
}

impl Tensors {
    /// Reserves them, and writes the initial values of what is kept from call to call.
    pub(crate) fn reserve(guest: &mut Guest, calls: &Calls<'_>) -> Result<Self, Failure> {
        let count = calls.inputs.len() + calls.outputs.len();
        let table = guest.reserve(slot::DESCRIPTORS, count * TENSOR_BYTES)?;
        let mut slots = slot::TENSORS..;
        let mut tensors = Self {
            table,
            inputs: Vec::with_capacity(calls.inputs.len()),
            sources: Vec::with_capacity(calls.inputs.len()),
            outputs: Vec::with_capacity(calls.outputs.len()),
        };
        for (info, slot) in calls.inputs.iter().zip(&mut slots) {
            let input = fixed(info)?;
            let data = guest.reserve(slot, bytes(input.len)?)?;
            tensors.inputs.push(Tensor { data, ..input });
            tensors.sources.push(source(calls, info, &input)?);
            if let Some(pair) = kept(calls, info) {
                first(guest, &pair.initial, data, input.len)?;
            }
        }
        for (info, slot) in calls.outputs.iter().zip(slots) {
            tensors.outputs.push(Tensor {
                data: guest.reserve(slot, bytes(info.len_max)?)?,
                capacity: info.len_max,
                ..Tensor::EMPTY
            });
        }
        Ok(tensors)
    }

    /// The bytes that each call is given.
    pub(crate) fn given_bytes(&self) -> usize {
        let given = self.sources.iter().map(|source| match source {
            Source::Given(bytes) => *bytes,
            Source::Kept(_) => 0,
        });
        given.sum()
    }
}

fn kept<'a>(calls: &'a Calls<'_>, info: &TensorInfo) -> Option<&'a StatePair> {
    calls.state.iter().find(|pair| pair.input == info.name)
}

fn source(calls: &Calls<'_>, info: &TensorInfo, input: &Tensor) -> Result<Source, Failure> {
    let Some(pair) = kept(calls, info) else {
        return Ok(Source::Given(bytes(input.len)?));
    };
    let mut outputs = calls.outputs.iter();
    let output = outputs.position(|output| output.name == pair.output);
    output
        .map(Source::Kept)
        .ok_or(Failure::Calls("a state's output is not stated"))
}

fn first(guest: &mut Guest, initial: &[u8], data: u32, len: u32) -> Result<(), Failure> {
    if initial.is_empty() {
        let zeros = alloc::vec![0; bytes(len)?];
        return guest.write(data, &zeros);
    }
    if initial.len() != bytes(len)? {
        return Err(Failure::Calls("an initial state has another length"));
    }
    guest.write(data, initial)
}

/// The descriptor of an input whose sizes are all stated; its address comes later.
fn fixed(info: &TensorInfo) -> Result<Tensor, Failure> {
    let dtype = info.dtype().ok_or(Failure::Calls("an unknown type"))?;
    if info.dims.len() > RANK_MAX {
        return Err(Failure::Calls("too many dimensions"));
    }
    let mut tensor = Tensor {
        dtype: info.dtype,
        rank: u8::try_from(info.dims.len()).unwrap_or(u8::MAX),
        ..Tensor::EMPTY
    };
    let mut len = element_bytes(dtype);
    for (place, dim) in tensor.dims.iter_mut().zip(&info.dims) {
        *place = u32::try_from(*dim).map_err(|_| Failure::Calls("an input's size varies"))?;
        len = len
            .and_then(|len| len.checked_mul(*place))
            .filter(|len| *len <= info.len_max);
    }
    tensor.len = len.ok_or(Failure::Calls("an input is larger than stated"))?;
    tensor.capacity = tensor.len;
    Ok(tensor)
}

/// Whether a guest's descriptor has the type and the sizes that were stated, and the length that follows from them.
pub(crate) fn is_as_stated(info: &TensorInfo, found: &Tensor) -> bool {
    let Some(dims) = found.dims.get(..usize::from(found.rank)) else {
        return false;
    };
    let fits =
        |(stated, found): (&i32, &u32)| *stated == -1 || u32::try_from(*stated) == Ok(*found);
    let len = dims.iter().try_fold(
        info.dtype().and_then(element_bytes).unwrap_or(0),
        |len, dim| len.checked_mul(*dim),
    );
    found.dtype == info.dtype
        && dims.len() == info.dims.len()
        && info.dims.iter().zip(dims).all(fits)
        && len == Some(found.len)
}

fn element_bytes(dtype: DType) -> Option<u32> {
    u32::try_from(dtype.bytes()).ok()
}

pub(crate) fn bytes(len: u32) -> Result<usize, Failure> {
    usize::try_from(len).map_err(|_| Failure::Calls("a tensor is larger than memory"))
}
