//! What the scripts install: the package under test, the same one as a previous version, and repositories of both.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context, Result, ensure};

use crate::{
    dist::Arch,
    process::{self, say},
    tree::Tree,
};

/// Ends a version that comes before the one without it.
const PREVIOUS: &str = "~previous";

/// What the previous version's conffile has, and the package under test has not.
const CONFFILE_LINE: &str = "# of the previous version\n";

/// Fills `place` with what the scripts of one architecture install.
///
/// # Errors
/// Fails where the folder has no package for it.
pub(super) fn gather(tree: &Tree, folder: &Path, arch: Arch, place: &Path) -> Result<()> {
    let package = newest(folder, arch)?;
    say(&format!("testing {}", tree.shown(&package)));
    let current = place.join("weir.deb");
    fs::copy(&package, &current)?;
    let previous = place.join("previous.deb");
    make_previous(&current, &previous, &place.join("repacking"))
}

/// What lies on the card of a Pi that installs at its first start.
///
/// # Errors
/// Fails where it cannot be copied.
pub(super) fn add_first_boot(tree: &Tree, place: &Path) -> Result<()> {
    let card = place.join("raspberry-pi");
    fs::create_dir_all(&card)?;
    for name in ["first-boot.sh", "weir.conf"] {
        let from = tree.packaging().join("raspberry-pi").join(name);
        fs::copy(&from, card.join(name)).with_context(|| tree.shown(&from))?;
    }
    Ok(())
}

/// The package that was made last.
fn newest(folder: &Path, arch: Arch) -> Result<PathBuf> {
    let end = format!("_{}.deb", arch.name());
    let mut newest: Option<(SystemTime, PathBuf)> = None;
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !(name.starts_with("weir_") && name.ends_with(&end)) {
            continue;
        }
        let made = entry.metadata()?.modified()?;
        if newest.as_ref().is_none_or(|(before, _)| *before < made) {
            newest = Some((made, entry.path()));
        }
    }
    let newest = newest.map(|(_, path)| path);
    newest.with_context(|| {
        let (folder, arch) = (folder.display(), arch.name());
        format!("{folder} has no weir_*{end}: `cargo xtask deb --arch {arch}` makes it")
    })
}

/// The same payload with a lower version and another conffile: what the version before this one is to dpkg.
fn make_previous(package: &Path, previous: &Path, scratch: &Path) -> Result<()> {
    let dpkg = || Command::new("dpkg-deb");
    process::run(
        dpkg().arg("--raw-extract").arg(package).arg(scratch),
        "unpack the package",
    )?;
    let control = scratch.join("DEBIAN/control");
    fs::write(&control, lowered(&fs::read_to_string(&control)?)?)?;
    let conffile = scratch.join("etc/weir/weir.toml");
    let text = fs::read_to_string(&conffile).context("the package has no weir.toml")?;
    fs::write(&conffile, text + CONFFILE_LINE)?;
    process::run(
        dpkg()
            .args(["--root-owner-group", "-Zgzip", "-z1", "--build"])
            .args([scratch, previous])
            .stdout(process::stderr()?),
        "pack the previous version",
    )?;
    fs::remove_dir_all(scratch)?;
    Ok(())
}

/// The text of `control` with a version that comes before its own.
fn lowered(control: &str) -> Result<String> {
    let mut found = false;
    let lines = control.lines().map(|line| {
        if line.starts_with("Version: ") {
            found = true;
            return format!("{line}{PREVIOUS}\n");
        }
        format!("{line}\n")
    });
    let lowered = lines.collect();
    ensure!(found, "the package states no version");
    Ok(lowered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_previous_version_differs_in_its_version_alone() {
        let control = "Package: weir\nVersion: 0.1.0-1\nDepends: libc6\n";
        assert_eq!(
            lowered(control).unwrap(),
            "Package: weir\nVersion: 0.1.0-1~previous\nDepends: libc6\n"
        );
        assert!(lowered("Package: weir\n").is_err());
    }

    #[test]
    fn the_newest_package_of_the_architecture_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let error = newest(folder.path(), Arch::Armhf).unwrap_err().to_string();
        assert!(
            error.ends_with("`cargo xtask deb --arch armhf` makes it"),
            "{error}"
        );
        for name in [
            "weir_0.1.0-1_amd64.deb",
            "other_0.1.0-1_armhf.deb",
            "weir_0.1.0-1_armhf.deb",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = newest(folder.path(), Arch::Armhf).unwrap();
        assert_eq!(found.file_name().unwrap(), "weir_0.1.0-1_armhf.deb");
    }
}
