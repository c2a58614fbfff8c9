//! What a machine needs before anything is built or tested. What is there is left alone, without the network.

mod cross;
mod libclang;
mod packages;
mod targets;

use anyhow::Result;

use crate::process::say;

pub(crate) use cross::Cross;
pub(crate) use packages::path_with_sbin;
use packages::{
    APT_FTPARCHIVE, C_COMPILER, CHIP_EMULATOR, DPKG, GPG, LIBCLANG, LINTIAN, MOSQUITTO,
    MOSQUITTO_CLIENTS, NAMESPACES, OCI_BASE, OCI_READERS, PYTHON, Package, QEMU_USER, ROOTS,
    SHELLCHECK,
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
            APT_FTPARCHIVE,
            C_COMPILER,
            CHIP_EMULATOR,
            DPKG,
            GPG,
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
    /// Beside what each architecture needs.
    pub(crate) const DEB: Self = Self {
        targets: &[&GUESTS],
        required: &[C_COMPILER, LIBCLANG, DPKG, LINTIAN],
        wanted: &[],
    };
    pub(crate) const APT_REPO: Self = Self {
        targets: &[],
        required: &[APT_FTPARCHIVE, GPG],
        wanted: &[],
    };
    pub(crate) const OCI: Self = Self {
        targets: &[],
        required: &[OCI_BASE],
        wanted: &[],
    };
    pub(crate) const OCI_TEST: Self = Self {
        targets: &[],
        required: &[OCI_BASE, OCI_READERS, MOSQUITTO, MOSQUITTO_CLIENTS],
        wanted: &[],
    };
    pub(crate) const TEST_DEB: Self = Self {
        targets: &[],
        required: &[APT_FTPARCHIVE, DPKG, GPG, NAMESPACES, QEMU_USER, ROOTS],
        wanted: &[],
    };
    pub(crate) const PACKAGING: Self = Self {
        targets: &[],
        required: &[PYTHON, SHELLCHECK],
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
