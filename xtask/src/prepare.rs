//! What a machine needs before anything is built or tested. What is there is left alone, without the network.

mod libclang;
mod packages;
mod targets;

use anyhow::Result;

use crate::process::say;

pub(crate) use packages::path_with_sbin;
use packages::{
    C_COMPILER, CHIP_EMULATOR, LIBCLANG, MOSQUITTO, MOSQUITTO_CLIENTS, PYTHON, Package,
};
pub(crate) use targets::CHIP;
use targets::GUESTS;

/// Whether this tool may install what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installing {
    Allowed,
    Refused,
}

/// What a command needs.
pub(crate) struct Needs {
    /// Of Rust.
    targets: &'static [&'static [&'static str]],
    /// Packages of the system without which it does not go on.
    required: &'static [Package],
    /// Without these it leaves something out, and says what.
    wanted: &'static [Package],
}

impl Needs {
    pub(crate) const BUILD: Self = Self {
        targets: &[&GUESTS],
        required: &[C_COMPILER],
        wanted: &[LIBCLANG],
    };
    pub(crate) const TEST: Self = Self {
        targets: &[&GUESTS, &CHIP],
        required: &[
            C_COMPILER,
            CHIP_EMULATOR,
            LIBCLANG,
            MOSQUITTO,
            MOSQUITTO_CLIENTS,
        ],
        wanted: &[],
    };
    pub(crate) const BENCH: Self = Self {
        targets: &[&GUESTS],
        required: &[C_COMPILER, LIBCLANG, MOSQUITTO, MOSQUITTO_CLIENTS, PYTHON],
        wanted: &[],
    };
}

/// Makes sure of everything in `needs`, or says in one line what to run.
pub(crate) fn prepare(needs: &Needs, installing: Installing) -> Result<()> {
    targets::prepare(needs.targets, installing)?;
    packages::prepare(needs.required, installing)?;
    if let Err(error) = packages::prepare(needs.wanted, installing) {
        say(&format!("{error:#}"));
    }
    Ok(())
}

/// Whether the bindings of wasm3 can be made here.
pub(crate) fn has_libclang() -> bool {
    LIBCLANG.is_here()
}
