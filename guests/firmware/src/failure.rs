use firmware_feed::FeedError;
use guest_abi::export;
use thiserror::Error;

/// Why a guest did not answer.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("no feed was put into flash")]
    NoFeed,
    #[error("the feed is not what this firmware reads")]
    CorruptFeed,
    #[error("{memory_bytes_max} bytes for the guest leave too little RAM for the interpreter")]
    NoRoom { memory_bytes_max: u32 },
    #[error("wasmi does not run the guest")]
    Wasmi(#[source] wasmi::Error),
    #[error("the guest does not export {0} as the ABI asks")]
    Missing(&'static str),
    #[error("the guest was built for ABI {major}")]
    Abi { major: i32 },
    #[error("the guest refused a buffer of {bytes} bytes for slot {slot}")]
    Refused { slot: i32, bytes: usize },
    #[error("the guest named bytes outside of its memory: {len} at {address:#x}")]
    Outside { address: u32, len: usize },
    #[error("{export} returned {code}", export = call.name())]
    Returned { call: Step, code: i32 },
    #[error("output {index} says {len} bytes where {capacity} were reserved")]
    Output {
        index: usize,
        len: u32,
        capacity: u32,
    },
    #[error("output {index} has not the type, the sizes or the length that were stated")]
    OutputShape { index: usize },
    #[error("the calls do not fit the guest: {0}")]
    Calls(&'static str),
}

/// The calls that return a code.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    LoadModel,
    Open,
    Predict,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::LoadModel => export::LOAD_MODEL,
            Self::Open => export::OPEN,
            Self::Predict => export::PREDICT,
        }
    }
}

impl From<FeedError> for Failure {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Missing => Self::NoFeed,
            FeedError::Corrupt => Self::CorruptFeed,
        }
    }
}

impl From<wasmi::Error> for Failure {
    fn from(error: wasmi::Error) -> Self {
        Self::Wasmi(error)
    }
}
