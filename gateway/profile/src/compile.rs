/// When guests are compiled for the processor at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compile {
    /// While code that a package brought serves.
    Background,
    /// Before a pipeline opens.
    First,
    /// Not at all.
    Never,
}
