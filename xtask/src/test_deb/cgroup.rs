use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
};

use anyhow::{Context, Result};

/// Removes the folder of a cgroup, with those that a system made in it, once nobody is left in them. It waits for
/// the end of this tool, so it does so also when that is killed.
const GUARD: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
tries=0
while [ -d "$1" ] && [ "$tries" -lt 100 ]; do
    find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
    tries=$((tries + 1))
    sleep 0.1
done
"#;

/// A cgroup for one booted system, below the one that this tool is in.
pub(super) struct Cgroup {
    folder: PathBuf,
    guard: Child,
}

impl Cgroup {
    /// # Errors
    /// Fails where this machine has no cgroups of version 2, or does not let this tool make one.
    pub(super) fn make() -> Result<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts")?;
        let ours = fs::read_to_string("/proc/self/cgroup")?;
        let parent = ours_in(&mounts, &ours).context(
            "a system is booted in a cgroup of version 2, which this machine does not have",
        )?;
        let folder = parent.join(format!("weir-test-{}", process::id()));
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("no cgroup {}", folder.display()));
            }
            Ok(()) | Err(_) => {}
        }
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .spawn()?;
        Ok(Self { folder, guard })
    }

    /// Puts a process into it.
    ///
    /// # Errors
    /// Fails where the kernel does not let it in.
    pub(super) fn take_in(&self, process: u32) -> Result<()> {
        fs::write(self.folder.join("cgroup.procs"), process.to_string())
            .with_context(|| format!("cgroup {} takes no process", self.folder.display()))
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // A guard that cannot be waited for leaves an empty folder at worst.
        drop(self.guard.wait());
    }
}

/// The folder of our own cgroup of version 2, from `/proc/self/mounts` and `/proc/self/cgroup`.
fn ours_in(mounts: &str, ours: &str) -> Option<PathBuf> {
    let mut mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (_, place, kind) = (words.next()?, words.next()?, words.next()?);
        (kind == "cgroup2").then(|| Path::new(place))
    });
    let path = ours.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(mounted.next()?.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_cgroup_is_found_beside_those_of_version_1() {
        let hybrid = "proc /proc proc rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        let found = ours_in(hybrid, "3:cpu:/\n0::/\n").unwrap();
        assert_eq!(found, Path::new("/sys/fs/cgroup/unified"));
        let unified = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";
        let found = ours_in(unified, "0::/user.slice/a.scope\n").unwrap();
        assert_eq!(found, Path::new("/sys/fs/cgroup/user.slice/a.scope"));
        assert_eq!(ours_in("proc /proc proc rw 0 0\n", "0::/\n"), None);
    }
}
