//! What a machine needs before anything is built or tested. What is there is left alone, without the network.

mod packages;
mod targets;

use anyhow::Result;

pub(crate) use packages::path_with_sbin;
use packages::{C_COMPILER, MOSQUITTO, MOSQUITTO_CLIENTS, PYTHON, Package};

/// Whether this tool may install what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installing {
    Allowed,
    Refused,
}

/// The system packages that a command needs; every command needs Rust's targets.
pub(crate) struct Needs(&'static [Package]);

impl Needs {
    pub(crate) const BUILD: Self = Self(&[C_COMPILER]);
    pub(crate) const BROKER: Self = Self(&[C_COMPILER, MOSQUITTO, MOSQUITTO_CLIENTS]);
    pub(crate) const BENCH: Self = Self(&[C_COMPILER, MOSQUITTO, MOSQUITTO_CLIENTS, PYTHON]);
}

/// Makes sure of everything in `needs`, or says in one line what to run.
pub(crate) fn prepare(needs: &Needs, installing: Installing) -> Result<()> {
    targets::prepare(installing)?;
    packages::prepare(needs.0, installing)
}
