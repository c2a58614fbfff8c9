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
            Self::Unreachable | Self::OutOfBounds | Self::Other(_) => "guest_trap",
        }
    }
}
