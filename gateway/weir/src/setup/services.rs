//! The services of this machine, where systemd runs them.

use std::{
    env,
    io::{Write, stdout},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{cli::SetupArgs, exit::Exit};

use super::owners;

/// The user, the group, and the cache of the service.
const USER: &str = "weir";
const CACHE: &str = "/var/cache/weir";

/// This program with another command. Where this is root and the configuration is the service's, as the service's user:
/// what that may read is what counts, and what it compiles is the service's to use.
pub(super) fn weir(words: &[&str], config: &Path) -> Result<Command> {
    let program = env::current_exe().context("failed to find this program's own file")?;
    let mut command = Command::new(program);
    command.args(words).arg("--config").arg(config);
    let is_service = config == Path::new(weir_profile::DEFAULT_FILE) && Path::new(CACHE).is_dir();
    let ids = (owners::user(USER), owners::group(USER));
    if let (Some(user), Some(group), true) = (ids.0, ids.1, is_service && owners::is_root()) {
        command.uid(user).gid(group).env("CACHE_DIRECTORY", CACHE);
        command.current_dir("/");
    }
    Ok(command)
}

/// How a command of this program ended.
pub(super) fn exit(status: ExitStatus) -> Exit {
    match status.code() {
        Some(0) => Exit::Done,
        Some(3) => Exit::Refused,
        Some(4) => Exit::Mismatch,
        Some(_) | None => Exit::Failed,
    }
}

/// Restarts a service where that may be done, and says whether; else notes the command for whoever may.
pub(super) fn restart(args: &SetupArgs, service: &str, commands: &mut Vec<String>) -> Result<bool> {
    if args.no_restart || !owners::is_root() || !is_there(service) {
        commands.push(restart_command(service));
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

/// The command, for whoever may.
pub(super) fn restart_command(service: &str) -> String {
    format!("sudo systemctl restart {service}")
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
