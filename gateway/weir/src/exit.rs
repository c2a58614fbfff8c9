//! The exit codes, as `weir --help` lists them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Failed while running.
    Failed,
    /// The command line is wrong, or says too little.
    CommandLine,
    /// The configuration, a device profile, a guest or a model is refused.
    Refused,
    /// Something was lost or did not match.
    Mismatch,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::CommandLine => 2,
            Exit::Refused => 3,
            Exit::Mismatch => 4,
        })
    }
}
