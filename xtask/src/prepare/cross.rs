use std::env;

use anyhow::Result;

use super::{
    Installing,
    packages::{self, CROSS_ARM64, CROSS_ARMHF, Package},
    targets,
};

/// What building programs for an architecture needs.
pub(crate) struct Cross {
    /// Rust's name of the target.
    pub(crate) rust: &'static str,
    /// GNU's, which begins the names of its compiler's tools.
    pub(crate) gnu: &'static str,
    /// As `std::env::consts::ARCH` names it.
    machine: &'static str,
    compiler: Option<Package>,
}

impl Cross {
    pub(crate) const AMD64: Self = Self {
        rust: "x86_64-unknown-linux-gnu",
        gnu: "x86_64-linux-gnu",
        machine: "x86_64",
        compiler: None,
    };
    pub(crate) const ARM64: Self = Self {
        rust: "aarch64-unknown-linux-gnu",
        gnu: "aarch64-linux-gnu",
        machine: "aarch64",
        compiler: Some(CROSS_ARM64),
    };
    pub(crate) const ARMHF: Self = Self {
        rust: "armv7-unknown-linux-gnueabihf",
        gnu: "arm-linux-gnueabihf",
        machine: "arm",
        compiler: Some(CROSS_ARMHF),
    };

    /// This machine is one of them: its own compiler is used.
    pub(crate) fn is_native(&self) -> bool {
        env::consts::ARCH == self.machine
    }

    /// Makes sure of it, or says in one line what to run.
    pub(crate) fn prepare(&self, installing: Installing) -> Result<()> {
        targets::prepare(&[&[self.rust]], installing)?;
        let compiler = self.compiler.filter(|_| !self.is_native());
        packages::prepare(compiler.as_slice(), installing)
    }
}
