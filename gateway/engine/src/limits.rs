use std::time::Duration;

/// What one guest may spend, from its device profile.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Linear memory, all pages, in bytes.
    pub memory_bytes_max: u64,
    /// Elements of a table.
    pub table_elements_max: u32,
    /// Native or interpreter stack of a call, in bytes.
    pub stack_bytes_max: usize,
    /// Wall time of one `predict` (retry included).
    pub call_deadline: Duration,
    /// Wall time of `load_model` and of everything else that runs before the first message.
    pub load_deadline: Duration,
    /// Fuel of one call after the guest is open; none = not metered. Loading has its deadline only.
    pub fuel_max: Option<u64>,
    /// Bytes of all outputs of one call.
    pub output_bytes_max: usize,
    /// Bytes of all inputs of one call.
    pub input_bytes_max: usize,
    /// Bytes of a model.
    pub model_bytes_max: usize,
    /// Whether the class allows SIMD instructions; an engine refuses code that has them where it does not.
    pub simd: bool,
}

/// What one call may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Wall time.
    pub deadline: Duration,
    /// Fuel; none = not metered.
    pub fuel: Option<u64>,
}
