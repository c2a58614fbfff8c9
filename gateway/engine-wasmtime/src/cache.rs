use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    hash::{Hash, Hasher},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::SystemTime,
};

use rustix::fs::{MemfdFlags, memfd_create};
use sha2::{Digest, Sha256};
use twox_hash::XxHash3_128;

/// Files kept, and their bytes; the one that was unused longest goes first. The guest `onnx` takes 40 MB without a
/// model, 85 MB with a MobileNetV2; a node runs a handful of guests and models in one or two versions.
const FILES_MAX: usize = 64;
const BYTES_MAX: u64 = 2 << 30;
/// Bytes read of the reason why a guest begins cold.
const REASON_BYTES_MAX: u64 = 1024;
const SUFFIX: &str = ".cwasm";
/// Of the reason why no snapshot of a guest can be taken.
const SUFFIX_REASON: &str = ".cold";
/// Changes where the files mean something else than before.
const FORMAT: u8 = 2;
/// Bytes read of a file at once.
const PART_BYTES: usize = 1 << 20;
const SUFFIX_UNFINISHED: &str = ".tmp";

/// Where compiled code is kept between runs.
#[derive(Debug, Clone)]
pub struct CacheDir(Option<PathBuf>);

impl CacheDir {
    /// In this directory, which is made where it is missing. Whoever can write to it can run native code as this
    /// user: a directory that is not this user's alone (mode 0700) is not used.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(Some(path.into()))
    }

    /// Nowhere: code is compiled at every start.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }
}

/// What compiled code is of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key<'a> {
    /// SHA-256 of the guest's module.
    pub(crate) guest: &'a [u8; 32],
    /// SHA-256 of the model that its instances begin with; none = they begin cold.
    pub(crate) model: Option<&'a [u8; 32]>,
}

/// Compiled code on disk: `<configuration>-<guest>-<model>-<content>.cwasm`. The last one is checked before a file is
/// mapped, against a damaged disk, and is quick to compute rather than hard to forge: that no one else wrote the file is
/// the directory's matter.
pub(crate) struct Cache {
    dir: Option<PathBuf>,
}

impl Cache {
    pub(crate) fn open(CacheDir(dir): CacheDir) -> Self {
        let usable = |dir: &PathBuf| match prepare(dir) {
            Ok(()) => true,
            Err(reason) => {
                tracing::warn!(
                    dir = %dir.display(), %reason,
                    "compiled guests are not kept on disk: every start compiles them anew"
                );
                false
            }
        };
        Self {
            dir: dir.filter(usable),
        }
    }

    /// Maps the compiled form of a guest, where a sound one is there. Unsound ones are deleted.
    pub(crate) fn get(&self, engine: &wasmtime::Engine, key: Key<'_>) -> Option<wasmtime::Module> {
        let dir = self.dir.as_deref()?;
        let prefix = prefix(engine, key);
        let files = entries(dir).into_iter();
        files
            .filter(|name| name.starts_with(&prefix) && name.ends_with(SUFFIX))
            .find_map(|name| map_or_delete(engine, &dir.join(name)))
    }

    /// A file for compiled code, in memory where none can be kept on disk.
    pub(crate) fn unfinished(&self) -> io::Result<Unfinished> {
        if let Some(dir) = self.dir.as_deref() {
            match Unfinished::in_dir(dir) {
                Ok(unfinished) => return Ok(unfinished),
                Err(error) => not_kept(dir, &error),
            }
        }
        let file = memfd_create("weir-compiled-guest", MemfdFlags::CLOEXEC)?;
        Ok(Unfinished {
            file: file.into(),
            path: None,
        })
    }

    /// Keeps the compiled form of a guest, where it is on disk.
    pub(crate) fn keep(&self, engine: &wasmtime::Engine, key: Key<'_>, unfinished: &Unfinished) {
        let (Some(dir), Some(path)) = (self.dir.as_deref(), &unfinished.path) else {
            return;
        };
        let kept = content(&unfinished.file).and_then(|content| {
            let name = format!("{}{content}{SUFFIX}", prefix(engine, key));
            unfinished.file.sync_all()?;
            fs::rename(path, dir.join(name))?;
            File::open(dir)?.sync_all()
        });
        match kept {
            Ok(()) => prune(dir),
            Err(error) => not_kept(dir, &error),
        }
    }

    /// Why no snapshot of a guest can be taken, where an earlier run found out.
    pub(crate) fn why_cold(&self, engine: &wasmtime::Engine, key: Key<'_>) -> Option<String> {
        let mut reason = String::new();
        let file = File::open(self.dir.as_deref()?.join(reason_name(engine, key))).ok()?;
        let read = file.take(REASON_BYTES_MAX).read_to_string(&mut reason);
        read.ok().filter(|read| *read > 0).map(|_| reason)
    }

    /// Keeps it for later runs.
    pub(crate) fn keep_why_cold(&self, engine: &wasmtime::Engine, key: Key<'_>, reason: &str) {
        let Some(dir) = self.dir.as_deref() else {
            return;
        };
        let kept = Unfinished::in_dir(dir).and_then(|mut unfinished| {
            unfinished.file.write_all(reason.as_bytes())?;
            unfinished.path.as_deref().map_or(Ok(()), |path| {
                fs::rename(path, dir.join(reason_name(engine, key)))
            })
        });
        match kept {
            Ok(()) => prune(dir),
            Err(error) => not_kept(dir, &error),
        }
    }
}

/// A file that compiled code is written to. It is deleted with this, unless it was kept.
pub(crate) struct Unfinished {
    pub(crate) file: File,
    path: Option<PathBuf>,
}

impl Unfinished {
    fn in_dir(dir: &Path) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let (process, count) = (std::process::id(), COUNT.fetch_add(1, Relaxed));
        let path = dir.join(format!("{process}-{count}{SUFFIX_UNFINISHED}"));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self {
            file,
            path: Some(path),
        })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.path
            && path.exists()
        {
            delete(path, "unfinished");
        }
    }
}

fn not_kept(dir: &Path, error: &io::Error) {
    tracing::warn!(dir = %dir.display(), %error, "failed to keep a compiled guest");
}

fn prepare(dir: &Path) -> Result<(), String> {
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

fn map_or_delete(engine: &wasmtime::Engine, path: &Path) -> Option<wasmtime::Module> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => {
            tracing::debug!(path = %path.display(), %error, "failed to open compiled code");
            return None;
        }
    };
    if !is_sound(&file, path) {
        delete(path, "damaged");
        return None;
    }
    if let Err(error) = file.set_modified(SystemTime::now()) {
        tracing::debug!(path = %path.display(), %error, "failed to mark compiled code as used");
    }
    match map(engine, file) {
        Ok(module) => Some(module),
        Err(error) => {
            tracing::debug!(path = %path.display(), error = %format!("{error:#}"), "refused");
            delete(path, "of another version");
            None
        }
    }
}

/// Maps compiled code that this program wrote.
pub(crate) fn map(engine: &wasmtime::Engine, file: File) -> wasmtime::Result<wasmtime::Module> {
    #[expect(
        unsafe_code,
        reason = "mapping compiled code cannot be checked by the compiler"
    )]
    // SAFETY: the file is one that this program had written just now, or lies in a directory that only this user can
    // enter (checked when the cache was opened) and has the digest that its name carries, checked just now over the
    // same open file. Files are written under another name and renamed, never changed in place.
    unsafe {
        wasmtime::Module::deserialize_open_file(engine, file)
    }
}

/// Whether the contents are those that the name states.
fn is_sound(file: &File, path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let stated = stem.and_then(|stem| stem.rsplit('-').next());
    content(file).is_ok_and(|content| stated == Some(content.as_str()))
}

/// The digest of a file's contents.
fn content(mut file: &File) -> io::Result<String> {
    let mut digest = XxHash3_128::new();
    let mut part = vec![0; PART_BYTES];
    file.rewind()?;
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex(&digest.finish_128().to_be_bytes())),
            read => digest.write(&part[..read]),
        }
    }
}

/// Deletes what was unused longest, until the rest is within bounds. What is in use stays mapped.
fn prune(dir: &Path) {
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

fn delete(path: &Path, why: &str) {
    match fs::remove_file(path) {
        Ok(()) => tracing::info!(path = %path.display(), "deleted {why} compiled code"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "failed to delete {why} compiled code");
        }
    }
}

fn entries(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect()
}

/// The configuration and the guest that a file is for, then its model.
fn prefix(engine: &wasmtime::Engine, Key { guest, model }: Key<'_>) -> String {
    let configuration = configuration(engine);
    let model = model.map_or_else(|| "cold".to_owned(), |model| hex(&model[..16]));
    format!("{configuration}-{}-{model}-", hex(&guest[..16]))
}

fn reason_name(engine: &wasmtime::Engine, key: Key<'_>) -> String {
    let configuration = configuration(engine);
    format!("{configuration}-{}{SUFFIX_REASON}", hex(&key.guest[..16]))
}

/// Everything that compiled code depends on beside the guest, Wasmtime's version included.
fn configuration(engine: &wasmtime::Engine) -> String {
    let mut digest = DigestHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut digest);
    digest.0.update([FORMAT]);
    hex(&digest.0.finalize()[..8])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hashes what Wasmtime feeds to a [`Hasher`] in a way that no release of the standard library changes.
struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests;
