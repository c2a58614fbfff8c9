//! Code that was compiled before it came here: for every processor of this architecture, in a folder of the package.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use lzma_rust2::XzReader;

use crate::{
    addresses::Addresses,
    cache::{Form, Key, Unfinished, content_of, entries, prefix},
    config::Setup,
};

/// What the packed code of the largest guest may have: that of `onnx` has 8 MB.
const PACKED_BYTES_MAX: u64 = 64 << 20;
/// What it may have when it is unpacked: that of `onnx` has 41 MB.
const UNPACKED_BYTES_MAX: u64 = 512 << 20;
/// What is looked back upon while it is unpacked, which is the memory that it takes.
pub(crate) const DICTIONARY_BYTES: u32 = 16 << 20;
/// The same with what else the unpacking needs, in KiB.
const UNPACKING_KIB_MAX: u32 = (DICTIONARY_BYTES >> 10) + 1024;
const SUFFIX: &str = ".cwasm.xz";

/// What shipped code is compiled with: as single-board computers and edge servers run guests, with whole memories.
/// What of it is no part of the code is as small as may be.
const SETUP: Setup = Setup {
    simd: true,
    metered: false,
    symbols: false,
    stack_bytes_max: 512 << 10,
    addresses: Addresses::Whole,
    table_elements_max: 1024,
};

/// The folders of packages in which compiled code is looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shipped {
    folders: Vec<PathBuf>,
}

/// Wasmtime as it compiles for packages: for the least processor of the architecture.
pub(crate) fn compiler(target: &str) -> wasmtime::Result<wasmtime::Engine> {
    let mut config = SETUP.config();
    config.target(target)?;
    wasmtime::Engine::new(&config)
}

/// `<guest>-<configuration>-<digest of the guest>-cold-<digest of the content>.cwasm.xz`
pub(crate) fn file_name(
    guest: &str,
    engine: &wasmtime::Engine,
    key: Key<'_>,
    content: &str,
) -> String {
    format!("{guest}-{}{content}{SUFFIX}", prefix(engine, key))
}

impl Shipped {
    pub(crate) fn of(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// Unpacks the code of a guest, where it is there and can be trusted. Files that cannot are named in the log.
    pub(crate) fn unpack(
        &self,
        setup: Setup,
        guest: &[u8; 32],
        unfinished: impl Fn() -> io::Result<Unfinished>,
    ) -> Option<Unfinished> {
        if self.folders.is_empty() || !setup.compiles_as(SETUP) {
            return None;
        }
        let engine = compiler(&format!("{}-unknown-linux-gnu", env::consts::ARCH)).ok()?;
        let key = Key {
            guest,
            form: Form::Cold,
        };
        let wanted = prefix(&engine, key);
        let candidates = self.folders.iter().flat_map(|folder| {
            let names = entries(folder).into_iter();
            names.filter_map(|name| Some((content_in(&name, &wanted)?, folder.join(&name))))
        });
        for (content, path) in candidates {
            match unpacked(&path, &content, &unfinished) {
                Ok(code) => return Some(code),
                Err(reason) => tracing::warn!(
                    path = %path.display(),
                    "precompiled code is not used: {reason}"
                ),
            }
        }
        None
    }
}

/// The digest of the content that a file's name states, where it is the file that is wanted.
fn content_in(name: &str, wanted: &str) -> Option<String> {
    let (_, content) = name.strip_suffix(SUFFIX)?.split_once(wanted)?;
    Some(content.to_owned())
}

/// The error is the reason why the file is not used.
fn unpacked(
    path: &Path,
    content: &str,
    unfinished: impl Fn() -> io::Result<Unfinished>,
) -> Result<Unfinished, String> {
    let words = |error: io::Error| error.to_string();
    let folder = path.parent().ok_or("it lies nowhere")?;
    trusted(&fs::metadata(folder).map_err(words)?).map_err(|why| format!("its folder {why}"))?;
    let packed = read(path)?;
    if content_of(&packed) != content {
        return Err("it is damaged: it does not have the digest of its name".to_owned());
    }
    let into = unfinished().map_err(words)?;
    let mut code = XzReader::new_mem_limit(packed.as_slice(), false, UNPACKING_KIB_MAX)
        .take(UNPACKED_BYTES_MAX);
    let written = io::copy(&mut code, &mut &into.file).map_err(words)?;
    if written == UNPACKED_BYTES_MAX {
        return Err(format!(
            "it unpacks to more than {UNPACKED_BYTES_MAX} bytes"
        ));
    }
    Ok(into)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let words = |error: io::Error| error.to_string();
    let no_link = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file: File = OpenOptions::new()
        .read(true)
        .custom_flags(i32::from_ne_bytes(no_link.bits().to_ne_bytes()))
        .open(path)
        .map_err(words)?;
    let found = file.metadata().map_err(words)?;
    if !found.is_file() {
        return Err("it is no file".to_owned());
    }
    trusted(&found).map_err(|why| format!("it {why}"))?;
    if found.len() > PACKED_BYTES_MAX {
        return Err(format!("it has more than {PACKED_BYTES_MAX} bytes"));
    }
    let mut packed = Vec::new();
    file.take(PACKED_BYTES_MAX)
        .read_to_end(&mut packed)
        .map_err(words)?;
    Ok(packed)
}

/// Whoever can write here can run native code as this user: that must be root or this user, and nobody else.
fn trusted(found: &fs::Metadata) -> Result<(), String> {
    let user = rustix::process::geteuid().as_raw();
    may_be_run(found.uid(), found.mode(), user)
}

fn may_be_run(owner: u32, mode: u32, user: u32) -> Result<(), String> {
    if owner != 0 && owner != user {
        return Err("belongs to another user".to_owned());
    }
    if mode & 0o022 != 0 {
        return Err(format!(
            "can be written by others (mode {:o})",
            mode & 0o777
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_run_where_only_root_or_this_user_can_write_it() {
        for (owner, mode) in [(0, 0o644), (0, 0o755), (7, 0o600)] {
            assert_eq!(may_be_run(owner, mode, 7), Ok(()), "{owner} {mode:o}");
        }
        for (owner, mode) in [(8, 0o600), (0, 0o664), (7, 0o602), (0, 0o777)] {
            assert!(may_be_run(owner, mode, 7).is_err(), "{owner} {mode:o}");
        }
    }

    #[test]
    fn a_file_is_known_by_its_name() {
        let wanted = "0123-4567-cold-";
        let content = |name| content_in(name, wanted);
        assert_eq!(
            content("my-guest-0123-4567-cold-89ab.cwasm.xz").as_deref(),
            Some("89ab")
        );
        for other in [
            "g-0123-4567-cold-89ab.cwasm",
            "g-0123-4568-cold-89ab.cwasm.xz",
            "",
        ] {
            assert_eq!(content(other), None, "{other}");
        }
    }
}
