/// What survives in a guest from one message to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Instances are kept.
    Warm,
    /// Nothing: each message has an instance of its own.
    Fresh,
}
