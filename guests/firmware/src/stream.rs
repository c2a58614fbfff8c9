use alloc::vec::Vec;

use firmware_feed::Calls;
use guest_abi::{TENSOR_BYTES, Tensor, TensorInfo};

use crate::{
    failure::Failure,
    guest::Guest,
    say,
    tensors::{Source, Tensors, bytes, is_as_stated},
};

/// Makes the calls one after the other and says what each gave; returns the most fuel that one took.
pub(crate) fn run(guest: &mut Guest, calls: &Calls<'_>) -> Result<u64, Failure> {
    let mut tensors = Tensors::reserve(guest, calls)?;
    let each = tensors.given_bytes();
    if each == 0 || !calls.data.len().is_multiple_of(each) {
        return Err(Failure::Calls("the data are not whole calls"));
    }
    let mut fuel_most = 0;
    for (call, data) in calls.data.chunks_exact(each).enumerate() {
        give(guest, &mut tensors, data)?;
        let args = write_table(guest, &tensors)?;
        fuel_most = fuel_most.max(guest.predict(args)?);
        read_table(guest, &mut tensors, &calls.outputs)?;
        for (info, output) in calls.outputs.iter().zip(&tensors.outputs) {
            tell(guest, call, info, output)?;
        }
    }
    Ok(fuel_most)
}

/// Writes a call's inputs: its own data, and what the call before left to be kept.
fn give(guest: &mut Guest, tensors: &mut Tensors, mut data: &[u8]) -> Result<(), Failure> {
    for (input, source) in tensors.inputs.iter().zip(&tensors.sources) {
        match *source {
            Source::Given(bytes) => {
                let (own, rest) = data.split_at(bytes);
                guest.write(input.data, own)?;
                data = rest;
            }
            Source::Kept(at) => {
                let kept = &tensors.outputs[at];
                // Before the first call it is empty, and the initial value lies in place.
                if kept.len == 0 {
                    continue;
                }
                if kept.len != input.len {
                    return Err(Failure::Calls("a state came back with another length"));
                }
                let bytes = guest.read(kept.data, bytes(kept.len)?)?.to_vec();
                guest.write(input.data, &bytes)?;
            }
        }
    }
    Ok(())
}

fn write_table(guest: &mut Guest, tensors: &Tensors) -> Result<(i32, i32, i32, i32), Failure> {
    let outputs = tensors.outputs.iter().map(|output| Tensor {
        data: output.data,
        capacity: output.capacity,
        ..Tensor::EMPTY
    });
    let all = tensors.inputs.iter().copied().chain(outputs);
    let table: Vec<u8> = all.flat_map(|tensor| tensor.to_bytes()).collect();
    guest.write(tensors.table, &table)?;
    let inputs = tensors.inputs.len();
    let first_output = inputs * TENSOR_BYTES;
    let place = |offset: usize| {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        tensors.table.saturating_add(offset).cast_signed()
    };
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    Ok((
        place(0),
        count(inputs),
        place(first_output),
        count(tensors.outputs.len()),
    ))
}

/// Takes over what the guest says of its outputs, where it is what was stated. Their places stay the host's.
fn read_table(guest: &Guest, tensors: &mut Tensors, stated: &[TensorInfo]) -> Result<(), Failure> {
    let (inputs, outputs) = (tensors.inputs.len(), tensors.outputs.len());
    let table = guest.read(tensors.table, (inputs + outputs) * TENSOR_BYTES)?;
    let (chunks, _) = table.as_chunks::<TENSOR_BYTES>();
    let found = chunks.iter().skip(inputs).map(Tensor::from_bytes);
    let all = tensors.outputs.iter_mut().zip(stated).zip(found);
    for (index, ((output, stated), found)) in all.enumerate() {
        if found.len > output.capacity {
            let (len, capacity) = (found.len, output.capacity);
            return Err(Failure::Output {
                index,
                len,
                capacity,
            });
        }
        if !is_as_stated(stated, &found) {
            return Err(Failure::OutputShape { index });
        }
        *output = Tensor {
            data: output.data,
            capacity: output.capacity,
            ..found
        };
    }
    Ok(())
}

/// `output <call> <name> <type> <sizes> <bytes>`.
fn tell(guest: &Guest, call: usize, info: &TensorInfo, output: &Tensor) -> Result<(), Failure> {
    use core::fmt::Write;
    let elements = guest.read(output.data, bytes(output.len)?)?;
    let dims = output.dims.iter().take(usize::from(output.rank));
    say::line(|line| {
        write!(line, "output {call} {} {} ", info.name, output.dtype)?;
        for (axis, dim) in dims.enumerate() {
            let comma = if axis == 0 { "" } else { "," };
            write!(line, "{comma}{dim}")?;
        }
        line.write_str(" ")?;
        line.hex(elements)
    });
    Ok(())
}
