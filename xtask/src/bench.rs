use std::{os::unix::process::CommandExt, process::Command};

use anyhow::{Context, Result};

use crate::{
    guests,
    prepare::{self, Installing, Needs},
    process::{self, say},
    tree::Tree,
    worker,
};

/// Builds in release, then becomes the bench. A bench that compares with Python makes its own environment, and only
/// when it is asked to compare.
pub(crate) fn bench(
    tree: &Tree,
    installing: Installing,
    name: &str,
    args: &[String],
) -> Result<()> {
    prepare::prepare(&Needs::BENCH, installing)?;
    guests::build(tree)?;
    build(tree)?;
    let binary = tree.target.join("release").join(format!("bench-{name}"));
    let error = Command::new(&binary)
        .args(args)
        .env("PATH", prepare::path_with_sbin())
        .env("WEIR_BIN", tree.weir("release"))
        .env("WEIR_GUESTS", tree.collected_guests())
        .exec();
    Err(error).with_context(|| {
        format!(
            "{} cannot be started: is there a bench named {name}?",
            tree.shown(&binary)
        )
    })
}

fn build(tree: &Tree) -> Result<()> {
    say("building weir and the benches in release (minutes the first time)");
    process::run(
        process::cargo(&tree.root)
            .args(["build", "--release", "--bins"])
            .args(["--package", "weir", "--package", "weir-tests"])
            .stdout(process::stderr()?),
        "build weir and the benches",
    )?;
    worker::build(tree, &["--release"])
}
