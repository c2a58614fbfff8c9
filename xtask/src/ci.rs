use std::{os::unix::process::CommandExt, process::Command};

use anyhow::{Context, Result};

use crate::tree::Tree;

/// Becomes `.ci/run`.
pub(crate) fn ci(tree: &Tree) -> Result<()> {
    let error = Command::new(tree.root.join(".ci").join("run")).exec();
    Err(error).context(".ci/run cannot be started")
}
