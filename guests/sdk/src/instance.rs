use guest_abi::{TENSOR_BYTES, Tensor, code};

use crate::{
    DType, Error, Guest, Inputs, Load, Outputs, TENSORS_MAX, check,
    memory::{Buffer, Single, address_of},
    slots::Slots,
    words::Words,
};

/// A guest with its buffers: what the exports call, on addresses of the host.
pub struct Instance<G>(Single<State<G>>);

struct State<G> {
    slots: Slots,
    guest: Option<G>,
    words: Words,
    failure: Tensor,
}

impl<G: Guest> Instance<G> {
    /// Of a guest that is ready, or of none until its model is loaded.
    pub const fn new(guest: Option<G>) -> Self {
        Self(Single::new(State {
            slots: Slots::new(),
            guest,
            words: Words::new(),
            failure: Tensor::EMPTY,
        }))
    }

    /// `weir_buffer`.
    pub fn buffer(&self, slot: i32, len: i32) -> i32 {
        let address = self.0.with(|state| state.slots.reserve(slot, len));
        address.unwrap_or(0).cast_signed()
    }

    /// `weir_open`.
    pub fn open(&self) -> i32 {
        self.call(|state| state.guest.as_mut().ok_or(NO_MODEL)?.open())
    }

    /// `predict`.
    pub fn predict(&self, inputs: i32, n_inputs: i32, outputs: i32, n_outputs: i32) -> i32 {
        self.call(|state| {
            let guest = state.guest.as_mut().ok_or(NO_MODEL)?;
            let (n_inputs, n_outputs) = counts(n_inputs, n_outputs)?;
            let (ins, outs) = tables(
                &mut state.slots.table,
                (inputs.cast_unsigned(), n_inputs),
                (outputs.cast_unsigned(), n_outputs),
            )?;
            let (input_buffers, rest) = state.slots.tensors.split_at_mut(n_inputs);
            let inputs = Inputs::new(ins, input_buffers);
            let mut outputs = Outputs::new(outs, &mut rest[..n_outputs], n_inputs);
            check::call(&G::MANIFEST, &inputs, n_outputs)?;
            guest.predict(&inputs, &mut outputs)
        })
    }

    /// `weir_error`.
    pub fn error(&self) -> i32 {
        let address = self.0.with(|state| {
            let words = state.words.as_bytes();
            let len = u32::try_from(words.len()).unwrap_or(0);
            if len == 0 {
                return 0;
            }
            state.failure = Tensor {
                data: address_of(words, 0),
                capacity: len,
                len,
                dtype: DType::U8.code(),
                rank: 1,
                ..Tensor::EMPTY
            };
            state.failure.dims[0] = len;
            address_of(&state.failure, 0)
        });
        address.unwrap_or(0).cast_signed()
    }

    fn call(&self, work: impl FnOnce(&mut State<G>) -> Result<(), Error>) -> i32 {
        let result = self.0.with(|state| {
            state.words.clear();
            match work(state) {
                Ok(()) => code::OK,
                Err(error) => {
                    state.words.set(&error);
                    error.code()
                }
            }
        });
        result.unwrap_or(code::FAILED)
    }
}

impl<G: Load> Instance<G> {
    /// `load_model`.
    pub fn load_model(&self, address: i32, len: i32) -> i32 {
        self.call(|state| {
            if state.guest.is_some() {
                return Err(Error::ModelState("a model is loaded already"));
            }
            let (address, len) = (address.cast_unsigned(), len.cast_unsigned());
            state.guest = Some(G::load(state.slots.lend_model(address, len)?)?);
            Ok(())
        })
    }
}

const NO_MODEL: Error = Error::ModelState("no model is loaded");

type Descriptors = [[u8; TENSOR_BYTES]];

fn counts(n_inputs: i32, n_outputs: i32) -> Result<(usize, usize), Error> {
    let inputs = usize::try_from(n_inputs).ok();
    let outputs = usize::try_from(n_outputs).ok();
    inputs
        .zip(outputs)
        .filter(|(inputs, outputs)| inputs.saturating_add(*outputs) <= TENSORS_MAX)
        .ok_or(Error::TooManyTensors)
}

/// The descriptors of the inputs and, behind them, those of the outputs.
fn tables(
    table: &mut Buffer,
    inputs: (u32, usize),
    outputs: (u32, usize),
) -> Result<(&Descriptors, &mut Descriptors), Error> {
    let descriptor = |what| Error::Descriptor { what, index: 0 };
    let range = |(address, count): (u32, usize)| {
        let len = u32::try_from(count * TENSOR_BYTES).ok()?;
        let range = table.range(0, address, len)?;
        range
            .start
            .is_multiple_of(align_of::<Tensor>())
            .then_some(range)
    };
    let inputs = range(inputs).ok_or(descriptor("descriptor of input"))?;
    let outputs = range(outputs).ok_or(descriptor("descriptor of output"))?;
    let behind = outputs.is_empty() || inputs.end <= outputs.start;
    if !behind {
        return Err(descriptor("descriptor of output"));
    }
    let bytes = table.bytes_mut();
    let split = if outputs.is_empty() {
        bytes.len()
    } else {
        outputs.start
    };
    let (front, back) = bytes.split_at_mut(split);
    let (inputs, _) = front[inputs].as_chunks();
    let (outputs, _) = back[..outputs.len()].as_chunks_mut();
    Ok((inputs, outputs))
}

#[cfg(test)]
mod tests;
