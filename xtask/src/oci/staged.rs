//! A tree of files that becomes a layer.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// What nobody reads in a container. gconv converts character sets, which Weir never does.
const LEFT_OUT: [&str; 8] = [
    "lib/systemd",
    "usr/lib/systemd",
    "usr/lib/tmpfiles.d",
    "usr/share/ca-certificates",
    "usr/share/doc-base",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
];

/// Below `usr/share/doc/<package>`: licences, ours and others', and what a user copies from.
const DOCS_KEPT: [&str; 4] = ["copyright", "third-party", "broker-config", "examples"];

/// Takes out of a tree what nobody reads in a container.
pub(super) fn prune(root: &Path) -> Result<()> {
    for name in LEFT_OUT {
        remove(&root.join(name))?;
    }
    for folder in entries(&root.join("usr/lib"))? {
        remove(&folder.join("gconv"))?;
    }
    for package in entries(&root.join("usr/share/doc"))? {
        // That of libgcc-s1 is a link to another package's folder.
        if package.is_symlink() {
            continue;
        }
        for entry in entries(&package)? {
            let name = entry.file_name().unwrap_or_default().to_string_lossy();
            let name = name.to_lowercase();
            if !DOCS_KEPT.iter().any(|kept| name.starts_with(kept)) {
                remove(&entry)?;
            }
        }
    }
    Ok(())
}

/// What lies in a folder, in the order of the names; nothing where there is no such folder.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        found.push(entry?.path());
    }
    found.sort();
    Ok(found)
}

/// Writes a file below `root` that everybody may read.
pub(super) fn write(root: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = Path::new(name);
    if let Some(above) = path.parent() {
        folder(root, above, 0o755)?;
    }
    let file = root.join(path);
    fs::write(&file, bytes).with_context(|| file.display().to_string())?;
    set_mode(&file, 0o644)
}

/// Makes a folder below `root` with this mode, whatever the umask is. Those above it are made where they are missing.
pub(super) fn folder(root: &Path, name: &Path, mode: u32) -> Result<()> {
    fs::create_dir_all(root).with_context(|| root.display().to_string())?;
    let mut path = root.to_owned();
    for part in name.components() {
        path.push(part);
        if !path.is_dir() {
            fs::create_dir(&path).with_context(|| path.display().to_string())?;
            set_mode(&path, 0o755)?;
        }
    }
    set_mode(&path, mode)
}

/// Removes what may be there: a file, a link, a folder with all that is in it.
pub(super) fn remove(path: &Path) -> Result<()> {
    let Ok(entry) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    let removed = if entry.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    removed.with_context(|| format!("failed to remove {}", path.display()))
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_stay_and_manuals_go() {
        let tree = tempfile::tempdir().unwrap();
        let kept = [
            "usr/bin/weir",
            "usr/share/doc/weir/copyright",
            "usr/share/doc/weir/THIRD-PARTY.gz",
            "usr/share/doc/weir/broker-config/topics.md",
        ];
        let gone = [
            "usr/lib/x86_64-linux-gnu/gconv/UTF-16.so",
            "usr/share/doc/weir/changelog.Debian.gz",
            "usr/share/man/man1/weir.1.gz",
        ];
        for name in kept.iter().chain(&gone) {
            write(tree.path(), name, b"").unwrap();
        }
        prune(tree.path()).unwrap();
        assert!(kept.iter().all(|name| tree.path().join(name).exists()));
        assert!(!gone.iter().any(|name| tree.path().join(name).exists()));
    }

    #[test]
    fn folders_have_the_mode_that_is_asked_for() {
        let tree = tempfile::tempdir().unwrap();
        folder(tree.path(), Path::new("var/lib/weir"), 0o750).unwrap();
        let mode = |name| {
            fs::metadata(tree.path().join(name))
                .unwrap()
                .permissions()
                .mode()
                & 0o7777
        };
        assert_eq!((mode("var/lib"), mode("var/lib/weir")), (0o755, 0o750));
    }
}
