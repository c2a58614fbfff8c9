/// How a call ended that did not return. The instance is discarded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trap {
    /// The deadline passed.
    #[error("the guest ran longer than {deadline_ms} ms")]
    Deadline {
        /// The deadline.
        deadline_ms: u128,
    },
    /// The fuel is spent.
    #[error("the guest spent its fuel of {fuel}")]
    Fuel {
        /// What it had.
        fuel: u64,
    },
    /// Calls nested too deep.
    #[error("the guest's calls nest too deep for its stack")]
    StackOverflow,
    /// `unreachable`: an abort or a panic of the guest.
    #[error("the guest aborted (unreachable)")]
    Unreachable,
    /// A load or store outside of the memory.
    #[error("the guest reached outside of its memory")]
    OutOfBounds,
    /// An integer division by zero.
    #[error("the guest divided by zero")]
    DivisionByZero,
    /// An integer division whose quotient does not fit its type.
    #[error("an integer division of the guest overflowed")]
    IntegerOverflow,
    /// A float that does not fit the integer that it is converted to.
    #[error("the guest converted a float to an integer that cannot hold it")]
    BadConversion,
    /// An element outside of its table, or a segment of it.
    #[error("the guest reached outside of its table")]
    TableOutOfBounds,
    /// A call through an empty element of the table.
    #[error("the guest called an empty element of its table")]
    NullFunction,
    /// A call through the table of a function with another signature.
    #[error("the guest called a function of its table with another signature")]
    FunctionType,
    /// Memory beyond the limit at instantiation.
    #[error("the guest needs more memory than its limit of {limit_bytes} bytes")]
    MemoryLimit {
        /// The limit.
        limit_bytes: u64,
    },
    /// A table beyond the limit at instantiation.
    #[error("the guest needs a larger table than its limit of {limit_elements} elements")]
    TableLimit {
        /// The limit.
        limit_elements: u32,
    },
    /// The process that ran the guest ended: killed by the system or somebody else, or taken over by the guest.
    #[error("the process that ran the guest ended: {how}")]
    Crashed {
        /// Its exit status or the signal that ended it, or what it said that it must not say.
        how: String,
    },
    /// Any other trap, in the engine's words.
    #[error("the guest trapped: {0}")]
    Other(String),
}

impl Trap {
    /// The stable code used in rejects and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Deadline { .. } => "guest_deadline",
            Self::Fuel { .. } => "guest_fuel",
            Self::StackOverflow => "guest_stack_overflow",
            Self::MemoryLimit { .. } | Self::TableLimit { .. } => "guest_memory_limit",
            Self::Crashed { .. } => "guest_crash",
            Self::Unreachable
            | Self::OutOfBounds
            | Self::DivisionByZero
            | Self::IntegerOverflow
            | Self::BadConversion
            | Self::TableOutOfBounds
            | Self::NullFunction
            | Self::FunctionType
            | Self::Other(_) => "guest_trap",
        }
    }
}
