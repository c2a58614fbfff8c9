use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use super::staged;
use crate::{dist::Arch, process};

/// A Debian package in a file.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) file: PathBuf,
    pub(super) arch: Arch,
    pub(super) version: String,
}

impl Package {
    /// Weir's package for an architecture: the one of the newest version in the folder.
    pub(super) fn find(folder: &Path, arch: Arch) -> Result<Option<Self>> {
        let end = format!("_{}.deb", arch.name());
        let mut newest: Option<Self> = None;
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let file = entry?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let Some(version) = name
                .strip_prefix("weir_")
                .and_then(|rest| rest.strip_suffix(&end))
            else {
                continue;
            };
            let version = version.to_owned();
            if newest
                .as_ref()
                .is_none_or(|other| newer(&version, &other.version))
            {
                newest = Some(Self {
                    file,
                    arch,
                    version,
                });
            }
        }
        Ok(newest)
    }

    /// The packages that it depends on, without their versions; of alternatives the first.
    pub(super) fn depends(&self) -> Result<Vec<String>> {
        let fields = ["Pre-Depends", "Depends"];
        let mut names = Vec::new();
        for field in fields {
            names.extend(names_in(&field_of(&self.file, field)?));
        }
        Ok(names)
    }
}

/// Unpacks a package without running anything of it. Scanners of images find it in `var/lib/dpkg/status.d`.
pub(super) fn unpack(file: &Path, root: &Path) -> Result<()> {
    process::run(
        Command::new("dpkg-deb").arg("--extract").args([file, root]),
        "unpack a package",
    )?;
    let name = field_of(file, "Package")?;
    let name = name.trim();
    if name.is_empty() || name.contains('/') {
        bail!("{} names no package", file.display());
    }
    let control = process::output(Command::new("dpkg-deb").arg("--field").arg(file))?;
    let status = format!("var/lib/dpkg/status.d/{name}");
    staged::write(root, &status, control.as_bytes())
}

fn field_of(file: &Path, field: &str) -> Result<String> {
    process::output(Command::new("dpkg-deb").arg("--field").arg(file).arg(field))
}

fn names_in(relations: &str) -> impl Iterator<Item = String> {
    relations.split(',').filter_map(|relation| {
        let name: String = relation
            .trim()
            .chars()
            .take_while(|letter| !" (:|[".contains(*letter))
            .collect();
        (!name.is_empty()).then_some(name)
    })
}

fn newer(one: &str, other: &str) -> bool {
    process::succeeds(Command::new("dpkg").args(["--compare-versions", one, "gt", other]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_read_without_versions() {
        let names: Vec<_> = names_in(
            "libc6 (>= 2.36), libgcc-s1:any (>= 3.0), adduser | passwd, init-system-helpers\n",
        )
        .collect();
        assert_eq!(
            names,
            ["libc6", "libgcc-s1", "adduser", "init-system-helpers"]
        );
    }

    #[test]
    fn of_several_versions_the_newest_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "weir_0.9.0_amd64.deb",
            "weir_0.10.0_amd64.deb",
            "weir_0.11.0_arm64.deb",
            "weir-dbg_1.0.0_amd64.deb",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = Package::find(folder.path(), Arch::Amd64).unwrap().unwrap();
        assert_eq!(found.version, "0.10.0");
        assert!(Package::find(folder.path(), Arch::Armhf).unwrap().is_none());
    }
}
