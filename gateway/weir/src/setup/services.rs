//! The services of this machine, where systemd runs them.

use std::{
    io::{Write, stdout},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::cli::SetupArgs;

use super::owners;

/// Restarts a service where that may be done, and says whether; else notes the command for whoever may.
pub(super) fn restart(args: &SetupArgs, service: &str, commands: &mut Vec<String>) -> Result<bool> {
    if args.no_restart || !owners::is_root() || !is_there(service) {
        commands.push(format!("sudo systemctl restart {service}"));
        return Ok(false);
    }
    writeln!(stdout(), "systemctl restart {service}")?;
    let ended = Command::new("systemctl")
        .args(["restart", service])
        .stdin(Stdio::null())
        .status()
        .context("failed to start systemctl")?;
    if !ended.success() {
        bail!("{service} does not start: see `journalctl -u {service} -n 50`");
    }
    Ok(true)
}

/// Whether systemd runs this machine and knows the service.
fn is_there(service: &str) -> bool {
    let known = || {
        let mut systemctl = Command::new("systemctl");
        systemctl.args(["cat", service]).stdin(Stdio::null());
        let known = systemctl
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        known.is_ok_and(|status| status.success())
    };
    Path::new("/run/systemd/system").is_dir() && known()
}
