use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};

use crate::process;

/// The folder that is packed: it looks as the installed system will.
pub(super) struct Stage {
    root: PathBuf,
    epoch: u64,
}

/// What Debian gives files that are read, and those that are run.
const READ: u32 = 0o644;
const RUN: u32 = 0o755;

impl Stage {
    /// A folder with nothing in it.
    pub(super) fn empty(root: &Path, epoch: u64) -> Result<Self> {
        if root.exists() {
            fs::remove_dir_all(root)?;
        }
        fs::create_dir_all(root)?;
        Ok(Self {
            root: root.to_owned(),
            epoch,
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// A file that is read; where its name ends with `.gz` it is compressed.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> Result<PathBuf> {
        let place = self.place(path)?;
        let Some(plain) = path.strip_suffix(".gz") else {
            fs::write(&place, bytes)?;
            return Ok(place);
        };
        let plain = self.place(plain)?;
        fs::write(&plain, bytes)?;
        let mut gzip = Command::new("gzip");
        process::run(
            gzip.args(["-9", "--no-name", "--force"]).arg(&plain),
            "compress a file",
        )?;
        Ok(place)
    }

    /// A copy of a file that is read; where the new name ends with `.gz` it is compressed.
    pub(super) fn copy(&self, from: &Path, path: &str) -> Result<PathBuf> {
        let bytes = fs::read(from).with_context(|| format!("{} is missing", from.display()))?;
        self.write(path, &bytes)
    }

    /// A copy of a file that is run.
    pub(super) fn copy_program(&self, from: &Path, path: &str) -> Result<PathBuf> {
        let place = self.copy(from, path)?;
        fs::set_permissions(&place, Permissions::from_mode(RUN))?;
        Ok(place)
    }

    /// A program, from text.
    pub(super) fn write_program(&self, path: &str, text: &str) -> Result<()> {
        let place = self.write(path, text.as_bytes())?;
        Ok(fs::set_permissions(place, Permissions::from_mode(RUN))?)
    }

    fn place(&self, path: &str) -> Result<PathBuf> {
        let place = self.root.join(path);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(place)
    }

    /// Every file below a folder of it, by path, each with its size.
    pub(super) fn files(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        self.walk(&self.root.join(folder), &mut |path, is_folder| {
            if !is_folder {
                let name = path.strip_prefix(&self.root)?.display().to_string();
                found.push((name, fs::metadata(path)?.len()));
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The size that Debian states for it: each file in whole KiB, and one for each folder.
    pub(super) fn installed_kib(&self) -> Result<u64> {
        let mut kib = 0;
        self.walk(&self.root, &mut |path, is_folder| {
            if !path.starts_with(self.root.join("DEBIAN")) {
                kib += if is_folder {
                    1
                } else {
                    fs::metadata(path)?.len().div_ceil(1_024)
                };
            }
            Ok(())
        })?;
        Ok(kib)
    }

    /// Gives everything its mode and its time, whatever this machine's habits are.
    pub(super) fn settle(&self) -> Result<()> {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.epoch);
        self.walk(&self.root, &mut |path, is_folder| {
            let runs = fs::metadata(path)?.permissions().mode() & 0o100 != 0;
            let mode = if is_folder || runs { RUN } else { READ };
            fs::set_permissions(path, Permissions::from_mode(mode))?;
            Ok(File::open(path)?.set_modified(time)?)
        })
    }

    /// Files before the folder that they are in: its time is the last one that is set.
    fn walk(&self, folder: &Path, visit: &mut dyn FnMut(&Path, bool) -> Result<()>) -> Result<()> {
        if !folder.exists() {
            return Ok(());
        }
        let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            if entry.file_type()?.is_dir() {
                self.walk(&entry.path(), visit)?;
            } else {
                visit(&entry.path(), false)?;
            }
        }
        visit(folder, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_and_times_are_those_of_the_package_alone() {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::empty(&folder.path().join("root"), 1_000_000).unwrap();
        stage.write_program("usr/bin/x", "#!/bin/sh\n").unwrap();
        let read = stage.write("usr/share/x/y", b"12345").unwrap();
        fs::set_permissions(&read, Permissions::from_mode(0o600)).unwrap();
        stage.settle().unwrap();
        let seen = |path: &str| {
            let facts = fs::metadata(stage.root().join(path)).unwrap();
            let time = facts.modified().unwrap();
            let seconds = time
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_secs();
            (facts.permissions().mode() & 0o7777, seconds)
        };
        for (path, mode) in [
            ("usr/bin/x", 0o755),
            ("usr/share/x/y", 0o644),
            ("usr", 0o755),
        ] {
            assert_eq!(seen(path), (mode, 1_000_000), "{path}");
        }
    }

    #[test]
    fn the_size_counts_files_in_whole_kib_and_folders_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::empty(&folder.path().join("root"), 0).unwrap();
        stage.write("usr/x", &[0; 1_025]).unwrap();
        stage.write("DEBIAN/control", &[0; 5_000]).unwrap();
        assert_eq!(stage.installed_kib().unwrap(), 2 + 2);
        assert_eq!(stage.files("usr").unwrap(), [("usr/x".to_owned(), 1_025)]);
    }
}
