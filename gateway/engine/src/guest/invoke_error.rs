use guest_abi::code;

use super::{OutputFault, PointerFault, buffers::BufferError};
use crate::{AccessError, Export, Trap};

/// Why one inference gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// The guest ended before (see [`Guest::usable`](crate::Guest::usable)).
    #[error("the guest ended earlier and must be opened anew")]
    Unusable,
    /// It trapped, or met a limit.
    #[error("{} failed", Export::Predict.name())]
    Trap(#[source] Trap),
    /// Another number of inputs.
    #[error("{found} inputs, the guest takes {stated}")]
    InputCount {
        /// What it takes.
        stated: usize,
        /// What it got.
        found: usize,
    },
    /// An input of another type, shape or length.
    #[error(
        "input {name} has type {dtype}, sizes {dims:?} and {bytes} bytes; the guest takes type {stated_dtype}, sizes {stated_dims:?}"
    )]
    InputShape {
        /// The input.
        name: String,
        /// ONNX code of its type.
        dtype: u8,
        /// Its sizes.
        dims: Vec<u32>,
        /// Its bytes.
        bytes: u64,
        /// ONNX code of the type that the guest takes.
        stated_dtype: u8,
        /// The sizes that the guest takes.
        stated_dims: Vec<i32>,
    },
    /// The inputs are larger than the profile or the tensor allows.
    #[error("input {name} brings the inputs to {bytes} bytes, the limit is {bytes_max}")]
    InputTooLarge {
        /// The input.
        name: String,
        /// The bytes.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The state was made for another guest or model.
    #[error("the device's state belongs to another guest or model")]
    StateShape,
    /// The guest says that an input's shape is not what the model takes.
    #[error("the guest refuses the input: {words}")]
    InputRefused {
        /// The guest's words.
        words: String,
    },
    /// The guest has no memory left for the work.
    #[error("the guest ran out of its memory: {words}")]
    OutOfMemory {
        /// The guest's words.
        words: String,
    },
    /// `weir_buffer` returned 0.
    #[error("the guest refused {bytes} bytes for buffer {slot}")]
    BufferRefused {
        /// The buffer's number.
        slot: i32,
        /// The bytes.
        bytes: u64,
    },
    /// The guest returned an address that cannot be used.
    #[error("{} returned a bad address", Export::Buffer.name())]
    BadPointer(#[source] PointerFault),
    /// The outputs are larger than the profile or the manifest allows.
    #[error("output {name} brings the outputs to {bytes} bytes, the limit is {bytes_max}")]
    OutputTooLarge {
        /// The output.
        name: String,
        /// The bytes.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// An output is not what the manifest states.
    #[error("output {name} is invalid")]
    OutputInvalid {
        /// The output.
        name: String,
        /// What is wrong.
        #[source]
        fault: OutputFault,
    },
    /// Any other code.
    #[error("{} returned {code}: {words}", Export::Predict.name())]
    Failed {
        /// What it returned.
        code: i32,
        /// The guest's words.
        words: String,
    },
}

impl InvokeError {
    /// The stable code used in rejects and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unusable => "guest_unusable",
            Self::Trap(trap) => trap.code(),
            Self::InputCount { .. } | Self::InputShape { .. } | Self::InputRefused { .. } => {
                "input_shape"
            }
            Self::InputTooLarge { .. } => "input_too_large",
            Self::StateShape => "state_shape",
            Self::OutOfMemory { .. } | Self::BufferRefused { .. } => "guest_memory",
            Self::BadPointer(_) => "guest_bad_pointer",
            Self::OutputTooLarge { .. } => "guest_output_too_large",
            Self::OutputInvalid { .. } => "guest_output_invalid",
            Self::Failed { .. } => "guest_failed",
        }
    }
}

impl InvokeError {
    /// A code of `predict` that is neither success nor a request for larger outputs, with the guest's words.
    pub(super) const fn from_code(returned: i32, words: String) -> Self {
        match returned {
            code::SHAPE => Self::InputRefused { words },
            code::OUT_OF_MEMORY => Self::OutOfMemory { words },
            code => Self::Failed { code, words },
        }
    }

    /// Whether the instance must not be used any more.
    pub(super) const fn ends_the_guest(&self) -> bool {
        matches!(self, Self::Unusable | Self::Trap(_) | Self::BadPointer(_))
    }
}

impl From<BufferError> for InvokeError {
    fn from(error: BufferError) -> Self {
        match error {
            BufferError::Trap(trap) => Self::Trap(trap),
            BufferError::Refused { slot, bytes } => Self::BufferRefused { slot, bytes },
            BufferError::Pointer(fault) => Self::BadPointer(fault),
        }
    }
}

impl From<AccessError> for InvokeError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Outside(fault) => Self::BadPointer(fault),
            AccessError::Ended(trap) => Self::Trap(trap),
        }
    }
}
