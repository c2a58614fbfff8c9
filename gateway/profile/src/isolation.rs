/// What survives in a guest from one message to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Instances are kept.
    Warm,
    /// Nothing: each message has an instance of its own.
    Fresh,
}

impl Isolation {
    /// The name used in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Fresh => "fresh",
        }
    }
}
