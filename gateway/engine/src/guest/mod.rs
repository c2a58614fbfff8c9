mod buffers;
mod exchange;
mod fault;
mod invoke_error;
mod open;
mod open_error;
mod outputs;
mod phase;
mod predict;
mod words;

use std::sync::Arc;

use guest_abi::Tensor as Descriptor;

use self::buffers::Buffers;
pub use self::{
    fault::{OutputFault, PointerFault, Step},
    invoke_error::InvokeError,
    open_error::OpenError,
};
use crate::{Instance, Limits, Module, Signature, State, Tensor, TensorRef};

/// An opened guest: one instance with its model loaded and its buffers reserved.
///
/// The ABI is driven here, once for every engine. Every value that comes from the guest is checked; its
/// memory is only copied from and into. It stays on the thread that opened it.
pub struct Guest {
    instance: Box<dyn Instance>,
    signature: Arc<Signature>,
    limits: Limits,
    buffers: Buffers,
    /// Used where a caller keeps no state.
    initial: State,
    /// What a device's state becomes, until all of it is there. Kept to be reused.
    after: State,
    /// The table's bytes as they are written before a call, and read after it. Kept to be reused.
    table: Vec<u8>,
    /// The outputs' descriptors as the guest left them. Kept to be reused.
    found: Vec<Descriptor>,
    usable: bool,
}

impl Guest {
    /// Instantiates a guest, checks its ABI, loads the model, opens it and reserves its buffers, all of it
    /// within `limits.load_deadline`. Where the module hands out snapshots, `model` is the one that they have, and
    /// what [`Guest::prepare`] does is not done again.
    ///
    /// # Errors
    /// Fails where the guest does not keep to the ABI or its limits, or does not take the model.
    pub fn open(
        module: &dyn Module,
        signature: Arc<Signature>,
        model: Option<&[u8]>,
        limits: &Limits,
    ) -> Result<Self, OpenError> {
        open::open(module, signature, model, limits)
    }

    /// What opening does before `weir_open`, on a new instance and within `limits.load_deadline`: initialises it,
    /// checks its ABI and has it load the model. For engines that then keep a snapshot of it.
    ///
    /// # Errors
    /// Fails where the guest does not keep to the ABI or its limits, or does not take the model.
    pub fn prepare(
        instance: &mut dyn Instance,
        model: Option<&[u8]>,
        limits: &Limits,
    ) -> Result<(), OpenError> {
        open::prepare(instance, model, limits)
    }

    /// One inference, within `limits.call_deadline`.
    ///
    /// `inputs` are those of the signature that are no state, in order; `outputs` become those that are no state.
    /// The vector is reused: nothing is allocated where the shapes repeat. A guest with state that gets none
    /// starts from the initial values, and what it keeps is dropped.
    ///
    /// # Errors
    /// Fails where the inputs do not fit, and where the guest traps, fails or returns something invalid.
    /// Then neither `state` nor the contents of `outputs` are to be relied on for this message: `state` is
    /// unchanged, `outputs` may hold an earlier result.
    pub fn predict(
        &mut self,
        inputs: &[TensorRef<'_>],
        state: Option<&mut State>,
        outputs: &mut Vec<Tensor>,
    ) -> Result<(), InvokeError> {
        if !self.usable {
            return Err(InvokeError::Unusable);
        }
        let result = self.infer(inputs, state, outputs);
        if let Err(error) = &result {
            self.usable = !error.ends_the_guest();
        }
        result
    }

    /// Whether it can predict: false after a trap, a deadline or a bad pointer, when it must be opened anew.
    #[must_use]
    pub const fn usable(&self) -> bool {
        self.usable
    }

    /// What it takes and gives.
    #[must_use]
    pub const fn signature(&self) -> &Arc<Signature> {
        &self.signature
    }

    /// The size of its linear memory.
    pub fn memory_bytes(&mut self) -> u64 {
        self.instance.memory_bytes()
    }

    /// The lines that it logged since the last call of this function: level (1 error … 5 trace) and text.
    pub fn take_log(&mut self) -> Vec<(u8, String)> {
        self.instance.take_log()
    }
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest")
            .field("usable", &self.usable)
            .field("buffers", &self.buffers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
