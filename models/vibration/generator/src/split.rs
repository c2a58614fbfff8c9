use std::fmt;
use std::str::FromStr;

use crate::{Condition, Pump, Window};

/// What a pump is used for. Each use has a range of seeds of its own, so that no demo and no test
/// ever meets a pump that a model was trained on.
///
/// | split | seeds |
/// | --- | --- |
/// | `train` | `0x01…_0000_0000` to `0x01…_ffff_ffff` |
/// | `validation` | `0x02…` |
/// | `test` | `0x03…` |
/// | `demo` | `0x04…` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    /// Weights and the statistics of the inputs are fitted to these.
    Train,
    /// Chooses among the epochs of a training.
    Validation,
    /// Held out: the figures of a model's card and its golden files; nothing is fitted to it.
    Test,
    /// Pumps to look at: demos, system tests, benches.
    Demo,
}

impl Split {
    /// Every split.
    pub const ALL: [Self; 4] = [Self::Train, Self::Validation, Self::Test, Self::Demo];

    /// The word on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::Demo => "demo",
        }
    }

    /// The seed of one pump of this split.
    pub fn seed(self, number: u32) -> u64 {
        let domain: u64 = match self {
            Self::Train => 1,
            Self::Validation => 2,
            Self::Test => 3,
            Self::Demo => 4,
        };
        (domain << 56) | u64::from(number)
    }

    /// One window of a pump that occurs nowhere else in the split, with the given condition.
    ///
    /// `number` counts the windows of one condition, up to a quarter of `u32::MAX`.
    pub fn window(self, condition: Condition, number: u32) -> Window {
        let seed = self.seed(number.wrapping_mul(4) + u32::from(condition.class()));
        Pump::new(seed, condition).next_window()
    }
}

impl fmt::Display for Split {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A word that names no split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSplit(String);

impl fmt::Display for UnknownSplit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Split::ALL.map(Split::name).join(", ");
        write!(formatter, "{:?} is no split; there are {known}", self.0)
    }
}

impl std::error::Error for UnknownSplit {}

impl FromStr for Split {
    type Err = UnknownSplit;

    fn from_str(word: &str) -> Result<Self, UnknownSplit> {
        Self::ALL
            .into_iter()
            .find(|split| split.name() == word)
            .ok_or_else(|| UnknownSplit(word.to_owned()))
    }
}
