use std::{path::Path, process::Command};

use anyhow::Result;

use super::stage::Stage;
use crate::process;

/// Packs a staged folder. `dpkg-deb` sorts by name and takes the owner, the times and nothing else from us, and one
/// thread compresses: the same folder gives the same bytes.
pub(super) fn archive(stage: &Stage, file: &Path) -> Result<()> {
    let mut command = Command::new("dpkg-deb");
    command
        .args(["--root-owner-group", "--threads-max=1", "-Zxz", "-z9"])
        .arg("--build")
        .arg(stage.root())
        .arg(file)
        .env("SOURCE_DATE_EPOCH", stage.epoch().to_string())
        .stdout(process::stderr()?);
    process::run(&mut command, "pack the package")
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    fn packed(folder: &Path, names: &[&str]) -> Vec<u8> {
        let stage = Stage::empty(&folder.join("root"), 1_700_000_000).unwrap();
        for name in names {
            stage
                .write(&format!("usr/share/x/{name}"), name.as_bytes())
                .unwrap();
        }
        let control =
            "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.org>\nDescription: x\n";
        stage.write("DEBIAN/control", control.as_bytes()).unwrap();
        stage.settle().unwrap();
        let file = folder.join("x.deb");
        archive(&stage, &file).unwrap();
        fs::read(file).unwrap()
    }

    #[test]
    fn neither_the_folder_nor_the_order_in_which_files_came_is_seen() {
        if !process::succeeds(Command::new("dpkg-deb").arg("--version")) {
            return;
        }
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = packed(one.path(), &["a", "b", "c"]);
        assert_eq!(first, packed(other.path(), &["c", "a", "b"]));
        assert_ne!(first, packed(other.path(), &["c", "a"]));
    }
}
