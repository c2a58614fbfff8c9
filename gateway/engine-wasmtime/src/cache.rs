use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    hash::{Hash, Hasher},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use sha2::{Digest, Sha256};

/// Files kept; the one that was unused longest goes first. A node runs a handful of guests in one or two versions.
const FILES_MAX: usize = 16;
const SUFFIX: &str = ".cwasm";
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

/// Compiled code on disk: `<configuration>-<guest>-<content>.cwasm`, three digests. The last one is checked
/// before a file is mapped, against a damaged disk; that no one else wrote it is the directory's matter.
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

    /// Keeps the compiled form of a guest; none where it is not kept.
    pub(crate) fn put(
        &self,
        engine: &wasmtime::Engine,
        key: Key<'_>,
        artifact: &[u8],
    ) -> Option<()> {
        let dir = self.dir.as_deref()?;
        let content = hex(&Sha256::digest(artifact));
        let name = format!("{}{content}{SUFFIX}", prefix(engine, key));
        let written = write(dir, &name, artifact);
        match written {
            Ok(()) => {
                prune(dir);
                Some(())
            }
            Err(error) => {
                tracing::warn!(dir = %dir.display(), %error, "failed to keep a compiled guest");
                None
            }
        }
    }
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
        if name.ends_with(SUFFIX_UNFINISHED) {
            delete(&dir.join(name), "unfinished");
        }
    }
    Ok(())
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
    #[expect(
        unsafe_code,
        reason = "mapping compiled code cannot be checked by the compiler"
    )]
    // SAFETY: the file lies in a directory that only this user can enter (checked when the cache was opened);
    // its name carries the digest of what this program wrote, checked just now over the same open file; files are
    // written under another name and renamed, never changed in place.
    let mapped = unsafe { wasmtime::Module::deserialize_open_file(engine, file) };
    match mapped {
        Ok(module) => Some(module),
        Err(error) => {
            tracing::debug!(path = %path.display(), error = %format!("{error:#}"), "refused");
            delete(path, "of another version");
            None
        }
    }
}

/// Whether the contents are those that the name states.
fn is_sound(mut file: &File, path: &Path) -> bool {
    let mut digest = Sha256::new();
    let read = io::copy(&mut file, &mut DigestWriter(&mut digest));
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let stated = stem.and_then(|stem| stem.rsplit('-').next());
    read.is_ok() && stated == Some(hex(&digest.finalize()).as_str())
}

fn write(dir: &Path, name: &str, artifact: &[u8]) -> io::Result<()> {
    let unfinished = dir.join(format!("{name}.{}{SUFFIX_UNFINISHED}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|mut file| {
            file.write_all(artifact)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&unfinished, dir.join(name)))
        .and_then(|()| File::open(dir)?.sync_all());
    if written.is_err() {
        delete(&unfinished, "unfinished");
    }
    written
}

fn prune(dir: &Path) {
    let used = |path: &PathBuf| fs::metadata(path).and_then(|found| found.modified()).ok();
    let mut files: Vec<PathBuf> = entries(dir)
        .into_iter()
        .filter(|name| name.ends_with(SUFFIX))
        .map(|name| dir.join(name))
        .collect();
    files.sort_by_cached_key(used);
    let surplus = files.len().saturating_sub(FILES_MAX);
    for path in &files[..surplus] {
        delete(path, "surplus");
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
    let mut digest = DigestHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut digest);
    let configuration = digest.0.finalize();
    let model = model.map_or_else(|| "cold".to_owned(), |model| hex(&model[..16]));
    format!(
        "{}-{}-{model}-",
        hex(&configuration[..8]),
        hex(&guest[..16])
    )
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

struct DigestWriter<'a>(&'a mut Sha256);

impl Write for DigestWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
