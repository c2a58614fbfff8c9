use guest_abi::code;

use super::{PointerFault, Step, buffers::BufferError};
use crate::{AccessError, Export, Trap};

/// Why a guest cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It trapped, or met a limit.
    #[error("{step} failed")]
    Trap {
        /// What it was asked to do.
        step: Step,
        /// How it ended.
        #[source]
        trap: Trap,
    },
    /// An export that the ABI requires is missing or has another signature.
    #[error("the guest has no export {} with the signature of ABI {}", export.name(), guest_abi::ABI_MAJOR)]
    ExportMissing {
        /// The export.
        export: Export,
    },
    /// It was built for another ABI.
    #[error(
        "the guest speaks ABI {major}.{minor}, this host speaks {}",
        guest_abi::ABI_MAJOR
    )]
    AbiVersion {
        /// Its major number.
        major: u16,
        /// Its minor number.
        minor: u16,
    },
    /// `weir_buffer` returned 0.
    #[error("the guest refused {bytes} bytes for buffer {slot}")]
    BufferRefused {
        /// The buffer's number.
        slot: i32,
        /// The bytes.
        bytes: u64,
    },
    /// `weir_buffer` returned an address that cannot be used.
    #[error("{} returned a bad address", Export::Buffer.name())]
    BadPointer(#[source] PointerFault),
    /// The model is larger than the profile allows.
    #[error("the model has {bytes} bytes, the limit is {bytes_max}")]
    ModelTooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The tensors of fixed size are larger than the profile allows.
    #[error("the {side} have {bytes} bytes, the limit is {bytes_max}")]
    TensorsTooLarge {
        /// "inputs" or "outputs".
        side: &'static str,
        /// Their size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The model's bytes are not what they say they are.
    #[error("the model is corrupt: {words}")]
    ModelCorrupt {
        /// The guest's words.
        words: String,
    },
    /// The model needs an operator that the guest does not have.
    #[error("the guest does not support this model: {words}")]
    ModelUnsupported {
        /// The guest's words.
        words: String,
    },
    /// The model has other tensors than stated.
    #[error("the model's shapes are not those stated: {words}")]
    ModelShape {
        /// The guest's words.
        words: String,
    },
    /// The guest's memory limit is too small for the model.
    #[error("{step} ran out of guest memory: {words}")]
    OutOfMemory {
        /// What it was asked to do.
        step: Step,
        /// The guest's words.
        words: String,
    },
    /// Any other code.
    #[error("{step} returned {code}: {words}")]
    Failed {
        /// What it was asked to do.
        step: Step,
        /// What it returned.
        code: i32,
        /// The guest's words.
        words: String,
    },
}

impl OpenError {
    /// The stable code used in rejects, health and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Trap { trap, .. } => trap.code(),
            Self::ExportMissing { .. } | Self::AbiVersion { .. } => "guest_abi",
            Self::BufferRefused { .. } | Self::OutOfMemory { .. } => "guest_memory",
            Self::BadPointer(_) => "guest_bad_pointer",
            Self::ModelTooLarge { .. } => "model_too_large",
            Self::TensorsTooLarge { .. } => "tensors_too_large",
            Self::ModelCorrupt { .. } => "model_corrupt",
            Self::ModelUnsupported { .. } => "model_unsupported",
            Self::ModelShape { .. } => "model_shape",
            Self::Failed { .. } => "guest_failed",
        }
    }

    /// The guest's memory could not be read or written.
    pub(super) fn from_access(step: Step, error: AccessError) -> Self {
        match error {
            AccessError::Outside(fault) => Self::BadPointer(fault),
            AccessError::Ended(trap) => Self::Trap { step, trap },
        }
    }

    /// A code that is not 0, with the guest's words.
    pub(super) const fn from_code(step: Step, returned: i32, words: String) -> Self {
        match returned {
            code::MODEL_CORRUPT => Self::ModelCorrupt { words },
            code::MODEL_UNSUPPORTED => Self::ModelUnsupported { words },
            code::SHAPE => Self::ModelShape { words },
            code::OUT_OF_MEMORY => Self::OutOfMemory { step, words },
            code => Self::Failed { step, code, words },
        }
    }
}

impl From<BufferError> for OpenError {
    fn from(error: BufferError) -> Self {
        let step = Step::Buffer;
        match error {
            BufferError::Trap(trap) => Self::Trap { step, trap },
            BufferError::Refused { slot, bytes } => Self::BufferRefused { slot, bytes },
            BufferError::Pointer(fault) => Self::BadPointer(fault),
        }
    }
}
