use weir_tests::bench::Spread;

use crate::engines::Who;

/// One figure for each round, of one workload by one contestant.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    pub(crate) measure: Measure,
    pub(crate) workload: &'static str,
    pub(crate) who: Who,
    pub(crate) rounds: Vec<f64>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// One inference on a warm guest.
    Predict,
    /// From the module's bytes to a guest that takes inputs; compiled code lies on disk.
    Open,
    /// The same where nothing lies on disk.
    OpenFirst,
    /// From the death of wasm3's worker to the next answer.
    Restart,
    /// What a further instance takes.
    Memory,
}

impl Measure {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Predict => "predict",
            Self::Open => "open",
            Self::OpenFirst => "open_first",
            Self::Restart => "restart",
            Self::Memory => "memory_per_instance",
        }
    }

    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Predict => "us",
            Self::Open | Self::OpenFirst | Self::Restart => "ms",
            Self::Memory => "KiB",
        }
    }
}

impl Figures {
    pub(crate) fn spread(&self) -> Option<Spread> {
        Spread::of(self.rounds.clone())
    }
}
