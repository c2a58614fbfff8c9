use std::{
    ffi::OsStr,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use super::{
    Suite,
    cgroup::Cgroup,
    host_apt,
    namespaces::{Namespaces, Network},
    scenario::{From, How, Scenario},
};
use crate::{
    dist::Arch,
    process::{say, since},
    tree::Tree,
};

/// Making a root under an emulator takes five minutes on two busy cores.
const MAKING_MAX: Duration = Duration::from_secs(3_600);
/// So does a long scenario.
const SCENARIO_MAX: Duration = Duration::from_secs(2_400);
/// What is shown of a scenario that failed.
const SHOWN_LINES: usize = 60;

/// A Debian root of one architecture, from which every scenario gets its own.
pub(super) struct Root {
    suite: Suite,
    arch: Arch,
    /// The scripts, `packaging/test`.
    scripts: PathBuf,
    /// Where namespaces mount their roots.
    mounted: PathBuf,
    /// Made once.
    base: PathBuf,
    /// Debian's packages, fetched once.
    archives: PathBuf,
    /// What this run needs and leaves.
    work: PathBuf,
    /// Settings of apt.
    options: PathBuf,
}

impl Root {
    pub(super) fn new(tree: &Tree, roots: &Path, suite: Suite, arch: Arch) -> Result<Self> {
        let name = format!("{}-{}", suite.name(), arch.name());
        let scripts = tree.packaging().join("test");
        let recipe = fs::read(scripts.join("make-root.sh"))?;
        let recipe: String = Sha256::digest(recipe)[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let root = Self {
            suite,
            arch,
            scripts,
            mounted: roots.join("mounted"),
            base: roots.join(format!("{name}-{recipe}.tar")),
            archives: roots.join("archives").join(&name),
            work: roots.join("work").join(&name),
            options: roots.join("apt.conf"),
        };
        remove(&root.work, |folder| fs::remove_dir_all(folder));
        for folder in [&root.mounted, &root.archives, &root.packages()] {
            fs::create_dir_all(folder)?;
        }
        fs::write(&root.options, host_apt::options())?;
        Ok(root)
    }

    /// Where the packages to test are put.
    pub(super) fn packages(&self) -> PathBuf {
        self.work.join("packages")
    }

    /// Makes the root where there is none yet, and fetches what the package needs.
    ///
    /// # Errors
    /// Fails where Debian cannot be reached.
    pub(super) fn make_ready(&self) -> Result<()> {
        if !self.base.is_file() {
            self.make()?;
        }
        const FETCH: Scenario = Scenario {
            name: "fetch",
            from: From::Ready,
            how: How::Chroot,
            keeps: true,
        };
        let tars = Tars {
            from: &self.base,
            keep: Some(&self.tar(From::Ready)),
        };
        let done = self.script(&FETCH, Network::Host, &tars);
        if done.is_err() {
            self.show_end_of_log(&FETCH);
        }
        done.map(drop)
    }

    fn make(&self) -> Result<()> {
        let start = Instant::now();
        let (suite, arch) = (self.suite.name(), self.arch.name());
        say(&format!(
            "making a Debian root, {suite} {arch} (once; minutes, under an emulator more)"
        ));
        let (unfinished, log) = (
            self.base.with_extension("unfinished"),
            self.work.join("log"),
        );
        let mirror = host_apt::mirror();
        let emulators = self.emulators()?;
        let namespaces = Namespaces {
            network: Network::Host,
            cgroup: None,
            deadline: MAKING_MAX,
            log: &log,
        };
        let status = namespaces.run(
            &self.scripts.join("make-root.sh"),
            [
                ("ROOTS", self.mounted.as_os_str()),
                ("EMULATORS", OsStr::new(&emulators)),
                ("ARCH", OsStr::new(arch)),
                ("SUITE", OsStr::new(suite)),
                ("MIRROR", OsStr::new(&mirror)),
                ("APT_OPTIONS", self.options.as_os_str()),
                ("TAR", unfinished.as_os_str()),
            ],
        )?;
        if !status.success() {
            show_end(&log);
            bail!("mmdebstrap made no root ({status}, see above)");
        }
        fs::rename(&unfinished, &self.base)?;
        say(&format!("root {suite} {arch}: {}", since(start)));
        Ok(())
    }

    /// Runs a scenario in a root of its own.
    ///
    /// # Errors
    /// Fails where the scenario does.
    pub(super) fn run(&self, scenario: &Scenario, keeps: bool) -> Result<PathBuf> {
        let from = self.tar(scenario.from);
        ensure!(from.is_file(), "not run: the package was not installed");
        let keep = self.tar(From::Installed);
        let tars = Tars {
            from: &from,
            keep: keeps.then_some(keep.as_path()),
        };
        self.script(scenario, Network::Loopback, &tars)
    }

    fn script(&self, scenario: &Scenario, network: Network, tars: &Tars<'_>) -> Result<PathBuf> {
        let out = self.out(scenario);
        fs::create_dir_all(&out)?;
        let (cgroup, how) = match scenario.how {
            How::Chroot => (None, "chroot"),
            How::Boot => (Some(Cgroup::make()?), "boot"),
        };
        let (packages, emulators) = (self.packages(), self.emulators()?);
        let namespaces = Namespaces {
            network,
            cgroup: cgroup.as_ref(),
            deadline: SCENARIO_MAX,
            log: &self.console(scenario),
        };
        let status = namespaces.run(
            &self.scripts.join("enter.sh"),
            [
                ("ROOTS", self.mounted.as_os_str()),
                ("BASE", tars.from.as_os_str()),
                ("EMULATORS", OsStr::new(&emulators)),
                ("HOW", OsStr::new(how)),
                ("SCRIPT", OsStr::new(scenario.name)),
                ("SCRIPTS", self.scripts.as_os_str()),
                ("DEBS", packages.as_os_str()),
                ("ARCHIVES", self.archives.as_os_str()),
                ("APT_OPTIONS", self.options.as_os_str()),
                ("OUT", out.as_os_str()),
                ("NETWORK", OsStr::new(network.word())),
                ("KEEP", tars.keep.map_or(OsStr::new(""), Path::as_os_str)),
            ],
        )?;
        let passed = match scenario.how {
            How::Chroot => status.success(),
            How::Boot => {
                fs::read_to_string(out.join("status")).is_ok_and(|code| code.trim() == "0")
            }
        };
        ensure!(passed, "{}", self.why(scenario));
        Ok(out)
    }

    /// What a script says when it fails.
    fn why(&self, scenario: &Scenario) -> String {
        let log = fs::read(self.log(scenario)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let said = log
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("FAILED: "));
        said.unwrap_or("the script ended early").to_owned()
    }

    /// What the kernel is told inside the namespaces, so that it runs programs of this architecture.
    fn emulators(&self) -> Result<String> {
        let name = match self.arch {
            _ if self.arch.cross().is_native() => return Ok(String::new()),
            Arch::Amd64 => "x86_64",
            Arch::Arm64 => "aarch64",
            Arch::Armhf => "arm",
        };
        let file = format!("/usr/lib/binfmt.d/qemu-{name}.conf");
        fs::metadata(&file)
            .with_context(|| format!("{file} is missing: install qemu-user-static"))?;
        Ok(file)
    }

    fn tar(&self, from: From) -> PathBuf {
        self.work.join(match from {
            From::Ready => "ready.tar",
            From::Installed => "installed.tar",
        })
    }

    /// What a script prints; a booted system has no console, so its script writes a file.
    fn log(&self, scenario: &Scenario) -> PathBuf {
        match scenario.how {
            How::Chroot => self.console(scenario),
            How::Boot => self.out(scenario).join("log"),
        }
    }

    fn console(&self, scenario: &Scenario) -> PathBuf {
        self.work.join(format!("{}.log", scenario.name))
    }

    fn out(&self, scenario: &Scenario) -> PathBuf {
        self.work.join("out").join(scenario.name)
    }

    /// The end of what a scenario printed.
    pub(super) fn show_end_of_log(&self, scenario: &Scenario) {
        show_end(&self.log(scenario));
    }

    /// Removes the roots of a run. What the scripts printed stays until the next one.
    pub(super) fn forget(&self) {
        for from in [From::Ready, From::Installed] {
            remove(&self.tar(from), |tar| fs::remove_file(tar));
        }
        remove(&self.packages(), |folder| fs::remove_dir_all(folder));
    }
}

fn remove(path: &Path, remove: impl Fn(&Path) -> io::Result<()>) {
    match remove(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            say(&format!("{} is left: {error}", path.display()));
        }
        Ok(()) | Err(_) => {}
    }
}

/// What a script begins with, and where its root goes when it has passed.
struct Tars<'a> {
    from: &'a Path,
    keep: Option<&'a Path>,
}

fn show_end(log: &Path) {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
        eprintln!("    {line}");
    }
}
