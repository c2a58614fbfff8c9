use guest_abi::{TensorInfo, code};

use super::{
    Guest, InvokeError, OutputFault, exchange, outputs as returned_outputs, phase::Phase,
    words::words,
};
use crate::{
    Export, State, Tensor, TensorRef,
    memory::count,
    signature::{bytes_of, dims_fit},
};

impl Guest {
    pub(super) fn infer(
        &mut self,
        given: &[TensorRef<'_>],
        state: Option<&mut State>,
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), InvokeError> {
        let phase = Phase::begin(self.limits.call_deadline, self.limits.fuel_max);
        self.check_inputs(given)?;
        let foreign = |state: &&mut State| !state.fits(&self.signature);
        if state.as_ref().is_some_and(foreign) {
            return Err(InvokeError::StateShape);
        }
        let mut answer = self.round(&phase, given, state.as_deref())?;
        if answer == code::OUTPUT_TOO_SMALL {
            self.grow_outputs(&phase)?;
            answer = self.round(&phase, given, state.as_deref())?;
        }
        match answer {
            code::OK => self.take_outputs(state, outputs),
            code::OUTPUT_TOO_SMALL => Err(self.asked_again()),
            code => {
                let words = words(self.instance.as_mut(), &phase).map_err(InvokeError::Trap)?;
                Err(InvokeError::from_code(code, words))
            }
        }
    }

    /// Writes inputs and table, calls `predict`, reads the outputs' descriptors back.
    fn round(
        &mut self,
        phase: &Phase,
        given: &[TensorRef<'_>],
        state: Option<&State>,
    ) -> Result<i32, InvokeError> {
        let state = state.unwrap_or(&self.initial);
        let sources = exchange::Sources {
            signature: &self.signature,
            given,
            state,
        };
        let guest = self.instance.as_mut();
        let args = exchange::write(guest, phase, &mut self.buffers, &sources, &mut self.table)?;
        let answer = phase
            .call(guest, Export::Predict, &args)
            .map_err(InvokeError::Trap)?;
        let outputs = self.signature.outputs().len();
        exchange::read(guest, &args, outputs, &mut self.table, &mut self.found)?;
        Ok(answer)
    }

    fn check_inputs(&self, given: &[TensorRef<'_>]) -> Result<(), InvokeError> {
        let stated = self.signature.given_inputs().count();
        if given.len() != stated {
            let found = given.len();
            return Err(InvokeError::InputCount { stated, found });
        }
        let mut total = 0;
        for (info, input) in self.signature.given_inputs().zip(given) {
            let bytes = count(input.data.len());
            check_shape(info, input, bytes)?;
            total += bytes;
            let bytes_max = u64::from(info.len_max);
            let inputs_bytes_max = count(self.limits.input_bytes_max);
            let (bytes, bytes_max) = if bytes > bytes_max {
                (bytes, bytes_max)
            } else {
                (total, inputs_bytes_max)
            };
            if bytes > bytes_max {
                return Err(InvokeError::InputTooLarge {
                    name: info.name.clone(),
                    bytes,
                    bytes_max,
                });
            }
        }
        Ok(())
    }

    fn grow_outputs(&mut self, phase: &Phase) -> Result<(), InvokeError> {
        let bytes_max = count(self.limits.output_bytes_max);
        let wishes =
            returned_outputs::wishes(&self.signature, &self.buffers, &self.found, bytes_max)?;
        if wishes.is_empty() {
            return Err(self.asked_again());
        }
        for (slot, bytes) in wishes {
            self.buffers
                .reserve(self.instance.as_mut(), phase, slot, bytes)?;
        }
        Ok(())
    }

    fn take_outputs(
        &mut self,
        state: Option<&mut State>,
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), InvokeError> {
        let bytes_max = count(self.limits.output_bytes_max);
        let guest = self.instance.as_mut();
        let returned = returned_outputs::Returned {
            signature: &self.signature,
            buffers: &self.buffers,
            found: &self.found,
        };
        returned.check(guest.memory_bytes(), bytes_max)?;
        returned.take(guest, &mut self.after, outputs)?;
        if let Some(state) = state {
            std::mem::swap(state, &mut self.after);
        }
        Ok(())
    }

    fn asked_again(&self) -> InvokeError {
        let first = self.signature.outputs().first();
        InvokeError::OutputInvalid {
            name: first.map(|info| info.name.clone()).unwrap_or_default(),
            fault: OutputFault::AskedAgain,
        }
    }
}

fn check_shape(info: &TensorInfo, input: &TensorRef<'_>, bytes: u64) -> Result<(), InvokeError> {
    let fits = input.dtype.code() == info.dtype
        && dims_fit(&info.dims, input.dims)
        && bytes_of(input.dtype, input.dims) == Some(bytes);
    if fits {
        return Ok(());
    }
    Err(InvokeError::InputShape {
        name: info.name.clone(),
        dtype: input.dtype.code(),
        dims: input.dims.to_vec(),
        bytes,
        stated_dtype: info.dtype,
        stated_dims: info.dims.clone(),
    })
}
