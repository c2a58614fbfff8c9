use std::{os::unix::process::CommandExt, process::Command};

use anyhow::{Context, Result};

use crate::{
    guests,
    prepare::{self, Installing, Needs},
    process::{self, say},
    tree::Tree,
    worker,
};

/// Builds what the demo needs, then becomes it: signals reach the demo alone, its exit code is ours, and stdout has
/// nothing on it but its output.
pub(crate) fn demo(tree: &Tree, installing: Installing, args: &[String]) -> Result<()> {
    prepare::prepare(&Needs::BUILD, installing)?;
    guests::build(tree)?;
    say("building weir");
    process::run(
        process::cargo(&tree.root)
            .args(["build", "--package", "weir"])
            .stdout(process::stderr()?),
        "build weir",
    )?;
    worker::build(tree)?;
    let weir = tree.weir();
    say(&format!("{} demo {}", tree.shown(&weir), args.join(" ")));
    let error = Command::new(&weir).arg("demo").args(args).exec();
    Err(error).with_context(|| format!("{} cannot be started", tree.shown(&weir)))
}
