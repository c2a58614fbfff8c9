use core::fmt;

use crate::Fault;

/// Why a network cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DraftError {
    /// A layer does not fit the one before it, or contradicts itself.
    Layer {
        /// Which one, from 0.
        index: usize,
        /// What is wrong with it, completing "layer 0: …".
        words: &'static str,
    },
    /// There are more layers, activations or weights than the format has numbers for.
    TooLarge,
    /// The file would be refused.
    Unreadable(Fault),
}

impl fmt::Display for DraftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layer { index, words } => write!(f, "layer {index}: {words}"),
            Self::TooLarge => f.write_str("it is larger than the format has numbers for"),
            Self::Unreadable(_) => f.write_str("the file would be refused"),
        }
    }
}

impl core::error::Error for DraftError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Unreadable(fault) => Some(fault),
            Self::Layer { .. } | Self::TooLarge => None,
        }
    }
}
