use anyhow::Result;

use crate::{
    process::{self, say},
    tree::Tree,
};

/// The packages whose tests compare a committed file with what the types generate.
const GENERATING: [&str; 4] = ["weir", "weir-profile", "weir-pipeline", "weir-health"];

/// Writes every generated file anew.
pub(crate) fn bless(tree: &Tree) -> Result<()> {
    let mut cargo = process::cargo(&tree.root);
    cargo.arg("test").env("WEIR_BLESS", "1");
    for package in GENERATING {
        cargo.args(["--package", package]);
    }
    process::run(&mut cargo, "write the generated files anew")?;
    say("the generated files are fresh: look at `git diff`, then commit them");
    Ok(())
}
