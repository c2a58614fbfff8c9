use std::process::Command;

use anyhow::Result;

use crate::{
    prepare::CHIP,
    process::{self, say},
    tree::Tree,
};

/// Builds the firmware that runs guests on a chip; the tests start it in an emulator.
pub(crate) fn build(tree: &Tree) -> Result<()> {
    say("firmware: building what changed (wasmi; a minute the first time)");
    let mut cargo = cargo(tree, &["build", "--release", "--target", CHIP[0]]);
    cargo.stdout(process::stderr()?);
    process::run(&mut cargo, "build the firmware")
}

/// The tests of what the firmware shares with those who feed it, which run on the host.
pub(crate) fn tests(tree: &Tree, filter: Option<&str>) -> Command {
    let mut cargo = cargo(tree, &["test", "--quiet", "--package", "firmware-feed"]);
    cargo.args(filter);
    cargo
}

fn cargo(tree: &Tree, args: &[&str]) -> Command {
    let mut cargo = process::guests_cargo(&tree.firmware());
    cargo
        .args(args)
        .arg("--target-dir")
        .arg(tree.firmware_target());
    cargo
}
