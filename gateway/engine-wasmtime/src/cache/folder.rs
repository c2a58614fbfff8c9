use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Files kept, and their bytes; the one that was unused longest goes first. The guest `onnx` takes 40 MB without a
/// model, 85 MB with a MobileNetV2; a node runs a handful of guests and models in one or two versions.
pub(super) const FILES_MAX: usize = 64;
const BYTES_MAX: u64 = 2 << 30;
pub(super) const SUFFIX: &str = ".cwasm";
/// Of the reason why no snapshot of a guest can be taken.
pub(super) const SUFFIX_REASON: &str = ".cold";
pub(super) const SUFFIX_UNFINISHED: &str = ".tmp";

/// Makes the folder where it is missing; the error is the reason why it cannot be used.
pub(super) fn prepare(dir: &Path) -> Result<(), String> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| error.to_string())?;
    let found = fs::symlink_metadata(dir).map_err(|error| error.to_string())?;
    if !found.is_dir() {
        return Err("it is not a directory".to_owned());
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err("it belongs to another user".to_owned());
    }
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!("its mode is {mode:o}; 700 is needed"));
    }
    for name in entries(dir) {
        if name.ends_with(SUFFIX_UNFINISHED) && !is_being_written(&name) {
            delete(&dir.join(name), "unfinished");
        }
    }
    Ok(())
}

/// Whether the process that names a file lives: another `weir` may be compiling right now.
fn is_being_written(name: &str) -> bool {
    let process = name.split('-').next().and_then(|id| id.parse::<u32>().ok());
    process.is_some_and(|id| Path::new("/proc").join(id.to_string()).exists())
}

/// Deletes what was unused longest, until the rest is within bounds. What is in use stays mapped.
pub(super) fn prune(dir: &Path) {
    let of = |path: PathBuf| {
        let found = fs::metadata(&path).ok()?;
        Some((found.modified().ok()?, found.len(), path))
    };
    let mut files: Vec<(SystemTime, u64, PathBuf)> = entries(dir)
        .into_iter()
        .filter(|name| name.ends_with(SUFFIX) || name.ends_with(SUFFIX_REASON))
        .filter_map(|name| of(dir.join(name)))
        .collect();
    files.sort();
    let mut bytes = 0_u64;
    for (kept, (_, len, path)) in files.iter().rev().enumerate() {
        bytes = bytes.saturating_add(*len);
        if kept > 0 && (kept >= FILES_MAX || bytes > BYTES_MAX) {
            delete(path, "surplus");
        }
    }
}

pub(super) fn delete(path: &Path, why: &str) {
    match fs::remove_file(path) {
        Ok(()) => tracing::info!(path = %path.display(), "deleted {why} compiled code"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "failed to delete {why} compiled code");
        }
    }
}

pub(crate) fn entries(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect()
}
