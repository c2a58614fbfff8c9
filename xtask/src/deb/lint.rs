use std::{path::Path, process::Command};

use anyhow::Result;

use crate::process;

/// Debian's own check: neither errors nor warnings. What is overridden says why in packaging/deb/lintian-overrides.
pub(super) fn lint(file: &Path) -> Result<()> {
    let mut command = Command::new("lintian");
    command
        .args(["--no-cfg", "--profile", "debian"])
        .args(["--fail-on", "error,warning"])
        .arg(file)
        .stdout(process::stderr()?);
    process::run(&mut command, "pass lintian")
}
