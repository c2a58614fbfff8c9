//! Namespaces of a script's own: users (all of them, so that packages find theirs), mounts, processes, cgroups, and a
//! network with nothing but loopback. Only `unshare`, `setpriv` and `timeout` are needed, and root.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use super::cgroup::Cgroup;

/// What a script may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// What this machine reaches.
    Host,
    /// Nothing but itself.
    Loopback,
}

impl Network {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Loopback => "loopback",
        }
    }
}

/// Waits for its map of users, then becomes the first process of the namespaces. Each of the chain dies with the one
/// before it, so everything ends with this tool, however that ends.
const ENTER: &str = r#"
echo
read -r _
deadline=$1 log=$2
shift 2
exec >"$log" 2>&1
exec setpriv --pdeathsig KILL timeout --signal=KILL "$deadline" \
    setpriv --pdeathsig KILL unshare --fork --kill-child "$@"
"#;

/// Every user of this machine is the same user inside.
const ALL_USERS: &str = "0 0 4294967295";

/// A script, and where it runs.
pub(super) struct Namespaces<'a> {
    pub(super) network: Network,
    /// For a script that boots a system.
    pub(super) cgroup: Option<&'a Cgroup>,
    /// After it, everything is killed.
    pub(super) deadline: Duration,
    /// Where the script's words go.
    pub(super) log: &'a Path,
}

impl Namespaces<'_> {
    /// Runs a shell script to its end.
    ///
    /// # Errors
    /// Fails where the namespaces cannot be made.
    pub(super) fn run<'e>(
        &self,
        script: &Path,
        environment: impl IntoIterator<Item = (&'e str, &'e OsStr)>,
    ) -> Result<ExitStatus> {
        let mut command = Command::new("unshare");
        command
            .args(["--user", "sh", "-euc", ENTER, "enter"])
            .arg(self.deadline.as_secs().to_string())
            .arg(self.log)
            .args(["--mount", "--pid", "--ipc", "--uts", "--cgroup"]);
        match self.network {
            Network::Host => {}
            Network::Loopback => {
                command.arg("--net");
            }
        }
        command.args(["sh", "-eu"]).arg(script);
        command
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().context("unshare cannot be started")?;
        if let Err(error) = self.let_in(&mut child) {
            child.kill()?;
            child.wait()?;
            return Err(error);
        }
        Ok(child.wait()?)
    }

    fn let_in(&self, child: &mut Child) -> Result<()> {
        let stdout = child.stdout.take().context("stdout is piped")?;
        let mut ready = String::new();
        BufReader::new(stdout).read_line(&mut ready)?;
        ensure!(!ready.is_empty(), "unshare made no namespace of users");
        if let Some(cgroup) = self.cgroup {
            cgroup.take_in(child.id())?;
        }
        let process = PathBuf::from("/proc").join(child.id().to_string());
        for map in ["uid_map", "gid_map"] {
            fs::write(process.join(map), ALL_USERS).context("the namespace got no map of users")?;
        }
        let mut stdin = child.stdin.take().context("stdin is piped")?;
        stdin.write_all(b"\n")?;
        Ok(())
    }
}

const PROBE: &str = "mount -t proc proc /proc\nmount -t tmpfs tmpfs /mnt\nip link set lo up\n";

/// Says in one line why roots cannot be tested in here, where they cannot.
///
/// # Errors
/// Fails with that line.
pub(super) fn can_be_made(scratch: &Path) -> Result<()> {
    ensure!(
        fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0),
        "packages are tested in roots with users of their own, which needs root: run it with sudo"
    );
    let (log, probe) = (scratch.join("probe.log"), scratch.join("probe.sh"));
    let namespaces = Namespaces {
        network: Network::Loopback,
        cgroup: None,
        deadline: Duration::from_secs(30),
        log: &log,
    };
    fs::write(&probe, PROBE)?;
    let status = namespaces.run(&probe, []);
    let said = fs::read_to_string(&log).unwrap_or_default();
    fs::remove_file(&log)?;
    fs::remove_file(&probe)?;
    if !status.as_ref().is_ok_and(ExitStatus::success) {
        let why = match status {
            Ok(_) => said.lines().collect::<Vec<_>>().join("; "),
            Err(error) => format!("{error:#}"),
        };
        bail!(
            "packages are tested in namespaces of their own, which this machine does not allow: {why}"
        );
    }
    Ok(())
}
