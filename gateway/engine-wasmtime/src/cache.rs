mod folder;
mod names;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::SystemTime,
};

use rustix::fs::{MemfdFlags, memfd_create};
use twox_hash::XxHash3_128;

pub(crate) use self::{
    folder::entries,
    names::{Form, Key, prefix},
};
use self::{
    folder::{SUFFIX, SUFFIX_UNFINISHED, delete, prepare, prune},
    names::{hex, reason_name},
};

/// Bytes read of the reason why a guest begins cold.
const REASON_BYTES_MAX: u64 = 1024;
/// Bytes read of a file at once.
const PART_BYTES: usize = 1 << 20;

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

/// Compiled code on disk: `<configuration>-<guest>-<form>-<content>.cwasm`. The last one is checked before a file is
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
        self.find(engine, key, |path, file| match map(engine, file) {
            Ok(module) => Some(module),
            Err(error) => {
                tracing::debug!(path = %path.display(), error = %format!("{error:#}"), "refused");
                delete(path, "of another version");
                None
            }
        })
    }

    /// Reads the compiled form of a guest, where a sound one is there.
    pub(crate) fn read(&self, engine: &wasmtime::Engine, key: Key<'_>) -> Option<Vec<u8>> {
        self.find(engine, key, |_, file| whole(&file).ok())
    }

    fn find<T>(
        &self,
        engine: &wasmtime::Engine,
        key: Key<'_>,
        mut take: impl FnMut(&Path, File) -> Option<T>,
    ) -> Option<T> {
        let dir = self.dir.as_deref()?;
        let prefix = prefix(engine, key);
        let files = entries(dir).into_iter();
        files
            .filter(|name| name.starts_with(&prefix) && name.ends_with(SUFFIX))
            .map(|name| dir.join(name))
            .find_map(|path| take(&path, sound_or_deleted(&path)?))
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

/// Opens a file of compiled code, and marks it as used.
fn sound_or_deleted(path: &Path) -> Option<File> {
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
    Some(file)
}

/// All that a file holds.
pub(crate) fn whole(mut file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
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

/// The same of bytes.
pub(crate) fn content_of(bytes: &[u8]) -> String {
    hex(&XxHash3_128::oneshot(bytes).to_be_bytes())
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

#[cfg(test)]
mod tests;
