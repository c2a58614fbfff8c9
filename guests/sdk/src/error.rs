use alloc::borrow::Cow;
use core::fmt;

use guest_abi::code;

use crate::{DType, Dims};

/// Why a call failed. The host gets [`Error::code`] as the call's result, and the words with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The call has another number of inputs than the guest takes.
    InputCount {
        /// What the guest takes.
        expected: usize,
        /// What the call has.
        got: usize,
    },
    /// An input has another type than the guest takes.
    InputType {
        /// Which input.
        input: usize,
        /// What the guest takes.
        expected: DType,
        /// The type's code in the descriptor.
        got: u8,
    },
    /// An input has another shape than the guest takes.
    InputShape {
        /// Which input.
        input: usize,
        /// What the guest takes, in words.
        expected: Cow<'static, str>,
        /// What the call has.
        got: Dims,
    },
    /// An input has a value that the guest does not take.
    InputValue {
        /// Which input.
        input: usize,
        /// What is wrong with it, completing "input 0 …".
        words: Cow<'static, str>,
    },
    /// The call has another number of outputs than the guest writes.
    OutputCount {
        /// What the guest writes.
        expected: usize,
        /// What the call has.
        got: usize,
    },
    /// An output's buffer is too small; its descriptor says what is needed.
    OutputTooSmall {
        /// Which output.
        output: usize,
        /// Bytes that it needs.
        needed: u32,
        /// Bytes that it has.
        capacity: u32,
    },
    /// An output has more dimensions or bytes than a descriptor can state.
    OutputTooLarge {
        /// Which output.
        output: usize,
    },
    /// The call has more inputs and outputs than a guest has buffers for.
    TooManyTensors,
    /// An address or length of the host does not fit the buffers that it reserved.
    Descriptor {
        /// Which one, in words.
        what: &'static str,
        /// Its position among its kind.
        index: usize,
    },
    /// No model is loaded, or one was loaded before.
    ModelState(&'static str),
    /// The model's bytes are not what they say they are.
    ModelCorrupt(Cow<'static, str>),
    /// The model needs something that the guest does not have.
    ModelUnsupported(Cow<'static, str>),
    /// No memory is left for the work.
    OutOfMemory,
    /// A failure without a code of its own.
    Failed(Cow<'static, str>),
}

impl Error {
    /// The result of the call.
    #[must_use]
    pub const fn code(&self) -> i32 {
        match self {
            Self::InputCount { .. } | Self::InputType { .. } | Self::InputShape { .. } => {
                code::SHAPE
            }
            Self::OutputTooSmall { .. } => code::OUTPUT_TOO_SMALL,
            Self::ModelCorrupt(_) => code::MODEL_CORRUPT,
            Self::ModelUnsupported(_) => code::MODEL_UNSUPPORTED,
            Self::OutOfMemory => code::OUT_OF_MEMORY,
            Self::InputValue { .. }
            | Self::OutputCount { .. }
            | Self::OutputTooLarge { .. }
            | Self::TooManyTensors
            | Self::Descriptor { .. }
            | Self::ModelState(_)
            | Self::Failed(_) => code::FAILED,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InputCount { expected, got } => {
                write!(f, "expected {expected} inputs, got {got}")
            }
            Self::InputType {
                input,
                expected,
                got,
            } => {
                let got = DType::from_code(*got).map_or("an unknown type", DType::name);
                write!(f, "input {input}: expected {}, got {got}", expected.name())
            }
            Self::InputShape {
                input,
                expected,
                got,
            } => write!(f, "input {input}: expected {expected}, got {got}"),
            Self::InputValue { input, words } => write!(f, "input {input} {words}"),
            Self::OutputCount { expected, got } => {
                write!(f, "expected {expected} outputs, got {got}")
            }
            Self::OutputTooSmall {
                output,
                needed,
                capacity,
            } => write!(f, "output {output} needs {needed} bytes, has {capacity}"),
            Self::OutputTooLarge { output } => {
                write!(f, "output {output} is larger than a descriptor can state")
            }
            Self::TooManyTensors => {
                write!(
                    f,
                    "a call has at most {} inputs and outputs",
                    crate::TENSORS_MAX
                )
            }
            Self::Descriptor { what, index } => {
                write!(f, "{what} {index} does not fit the buffer reserved for it")
            }
            Self::ModelState(words) => f.write_str(words),
            Self::ModelCorrupt(words) | Self::ModelUnsupported(words) | Self::Failed(words) => {
                f.write_str(words)
            }
            Self::OutOfMemory => f.write_str("no memory is left"),
        }
    }
}

impl core::error::Error for Error {}
