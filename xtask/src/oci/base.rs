//! The layer below ours: libc and what a program expects around itself, from Debian's own packages.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{
    package::{self, Package},
    staged,
};
use crate::{
    dist::Arch,
    process::{self, say},
};

/// Debian 12: every newer libc runs what is linked with this one.
const SUITE: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// What the image has of Debian. Nothing in it runs a shell.
const PACKAGES: [&str; 5] = [
    "base-files",
    "ca-certificates",
    "gcc-12-base",
    "libc6",
    "libgcc-s1",
];

/// What our package needs for its maintainer scripts only, which no image runs.
const OF_SCRIPTS: [&str; 3] = ["adduser", "init-system-helpers", "systemd"];

/// Without it glibc would ask the name server before /etc/hosts.
const NSSWITCH: &str = "passwd: files\ngroup: files\nhosts: files dns\n";

/// Fills `root`, with packages that are downloaded to `scratch`.
pub(super) fn stage(package: &Package, root: &Path, scratch: &Path) -> Result<()> {
    for name in package.depends()? {
        if !PACKAGES.contains(&name.as_str()) && !OF_SCRIPTS.contains(&name.as_str()) {
            bail!(
                "{} depends on {name}, which the image does not have: name it in xtask/src/oci/base.rs",
                package.file.display()
            );
        }
    }
    for file in download(package.arch, scratch)? {
        package::unpack(&file, root)?;
    }
    certificates(root)?;
    staged::prune(root)?;
    staged::write(root, "etc/nsswitch.conf", NSSWITCH.as_bytes())
}

/// By apt, which checks the archive's signatures; nothing of this machine's package lists is touched.
fn download(arch: Arch, scratch: &Path) -> Result<Vec<PathBuf>> {
    if !Path::new(KEYRING).is_file() {
        bail!("{KEYRING} is missing: run `sudo apt-get install debian-archive-keyring`");
    }
    let apt = Apt::begin(arch, scratch)?;
    apt.update()?;
    process::run(
        apt.get()
            .arg("download")
            .args(PACKAGES)
            .current_dir(&apt.packages)
            .stdout(process::stderr()?),
        "download Debian's packages",
    )?;
    let files = staged::entries(&apt.packages)?;
    if files.len() != PACKAGES.len() {
        bail!(
            "apt downloaded {} packages of {}",
            files.len(),
            PACKAGES.len()
        );
    }
    Ok(files)
}

/// Below apt's own folder: the sources without which there is no image, and the other one.
const ARCHIVE: &str = "sources/debian.list";
const SECURITY: &str = "sources/security.list";

/// apt with lists and a cache of its own.
struct Apt {
    folder: PathBuf,
    packages: PathBuf,
    arch: Arch,
}

impl Apt {
    fn begin(arch: Arch, scratch: &Path) -> Result<Self> {
        let folder = scratch.join("apt");
        let packages = folder.join("packages");
        for name in ["lists/partial", "cache/archives/partial", "packages"] {
            fs::create_dir_all(folder.join(name)).with_context(|| folder.display().to_string())?;
        }
        let line = |place: &str, suite: &str| {
            format!("deb [signed-by={KEYRING}] {MIRROR}/{place} {suite} main\n")
        };
        let archive = [
            line("debian", SUITE),
            line("debian", &format!("{SUITE}-updates")),
        ];
        staged::write(&folder, ARCHIVE, archive.concat().as_bytes())?;
        let security = line("debian-security", &format!("{SUITE}-security"));
        staged::write(&folder, SECURITY, security.as_bytes())?;
        staged::write(&folder, "status", b"")?;
        Ok(Self {
            folder,
            packages,
            arch,
        })
    }

    /// Security updates are left out, and missed in words, where their list does not come: some mirrors are behind with it
    /// for single architectures.
    fn update(&self) -> Result<()> {
        let update = || -> Result<()> {
            process::run(
                self.get().arg("update").stdout(process::stderr()?),
                "read the lists of Debian's packages",
            )
        };
        let Err(error) = update() else { return Ok(()) };
        say(&format!("{error:#}"));
        staged::remove(&self.folder.join(SECURITY))?;
        update()?;
        say(&format!(
            "{}: the image is made WITHOUT Debian's security updates, whose list did not come (see above)",
            self.arch.name()
        ));
        Ok(())
    }

    fn get(&self) -> Command {
        let mut command = Command::new("apt-get");
        let path = |name: &str| self.folder.join(name).display().to_string();
        let name = self.arch.name();
        command.arg("--quiet=2");
        for (key, value) in [
            ("Dir::Etc::SourceList", "/dev/null".into()),
            ("Dir::Etc::SourceParts", path("sources")),
            ("Dir::State::Lists", path("lists")),
            ("Dir::State::Status", path("status")),
            ("Dir::Cache", path("cache")),
            ("APT::Architecture", name.into()),
            ("APT::Architectures", name.into()),
            ("APT::Sandbox::User", String::new()),
            ("APT::Update::Error-Mode", "any".into()),
            ("Acquire::Languages", "none".into()),
            ("Acquire::Retries", "3".into()),
        ] {
            command.arg("--option").arg(format!("{key}={value}"));
        }
        command
    }
}

/// Debian's authorities in the one file that TLS libraries look for, as `update-ca-certificates` would write it.
fn certificates(root: &Path) -> Result<()> {
    let mut bundle = Vec::new();
    for file in staged::entries(&root.join("usr/share/ca-certificates/mozilla"))? {
        bundle.extend(fs::read(&file).with_context(|| file.display().to_string())?);
    }
    staged::write(root, "etc/ssl/certs/ca-certificates.crt", &bundle)
}
