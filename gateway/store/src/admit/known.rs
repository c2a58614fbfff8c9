use std::{
    fs::{self, DirBuilder, OpenOptions},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use sha2::{Digest, Sha256};
use weir_profile::Profile;

use crate::file::sha256_hex;

/// Notes kept; the oldest go first.
const NOTES_MAX: usize = 256;
const SUFFIX: &str = ".admitted";

/// Guests that an earlier run admitted for a profile like this: validating the largest that ships takes longer than all
/// else of a start. A note says nothing but its name, the digest of guest and profile; whoever can write to the folder can
/// run native code as this user (compiled guests lie there), so it must be this user's alone.
#[derive(Debug, Clone)]
pub(crate) struct Known(Option<PathBuf>);

/// A guest under a profile.
pub(crate) struct Note(String);

impl Known {
    /// Noted in this folder, where it is private, and the program can be told from another version of it.
    pub(crate) fn at(dir: &Path) -> Self {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        let usable = made.is_ok() && program().is_some();
        Self(usable.then(|| dir.to_path_buf()).filter(is_private))
    }

    /// Nowhere: every guest is checked as a whole.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    pub(crate) fn has(&self, Note(name): &Note) -> bool {
        let noted = self.0.as_deref().map(|dir| dir.join(name));
        noted.is_some_and(|path| path.is_file())
    }

    /// A note that cannot be made costs the next start its time, and nothing else.
    pub(crate) fn add(&self, Note(name): &Note) {
        let Some(dir) = self.0.as_deref() else {
            return;
        };
        let noted = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(dir.join(name));
        if noted.is_ok() {
            prune(dir);
        }
    }
}

impl Note {
    /// Names all that admission depends on: the guest's bytes, what the profile grants, and the program that checks.
    pub(crate) fn of(guest_sha256: &[u8; 32], profile: &Profile) -> Self {
        let Profile {
            class,
            engine,
            nn_backend,
            limits,
            module_bytes_max,
            ..
        } = profile;
        let program = program();
        let rest = format!(
            "{program:?} {class:?} {engine:?} {nn_backend:?} {limits:?} {module_bytes_max}"
        );
        let mut digest = Sha256::new();
        digest.update(guest_sha256);
        digest.update(rest);
        Self(format!("{}{SUFFIX}", sha256_hex(&digest.finalize().into())))
    }
}

/// The file that runs: size, time and place. Rules of admission may be others in another one.
fn program() -> Option<(u64, i64, i64, u64)> {
    let found = fs::metadata("/proc/self/exe").ok()?;
    Some((found.size(), found.mtime(), found.mtime_nsec(), found.ino()))
}

fn is_private(dir: &PathBuf) -> bool {
    let own = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(dir)
        .is_ok_and(|found| found.is_dir() && found.uid() == own && found.mode() & 0o077 == 0)
}

fn prune(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    let of = |path: PathBuf| Some((fs::metadata(&path).ok()?.modified().ok()?, path));
    let mut notes: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(SUFFIX))
        .filter_map(of)
        .collect();
    notes.sort();
    let surplus = notes.len().saturating_sub(NOTES_MAX);
    for (_, path) in &notes[..surplus] {
        drop(fs::remove_file(path));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder(mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).expect("it is ours");
        folder
    }

    #[test]
    fn a_note_is_found_by_the_next_run() {
        let folder = folder(0o700);
        let note = Note("a.admitted".to_owned());
        assert!(!Known::at(folder.path()).has(&note));
        Known::at(folder.path()).add(&note);
        assert!(Known::at(folder.path()).has(&note));
        assert!(!Known::none().has(&note));
    }

    #[test]
    fn a_folder_that_others_can_enter_is_not_believed() {
        let folder = folder(0o700);
        let note = Note("a.admitted".to_owned());
        Known::at(folder.path()).add(&note);
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), open).expect("it is ours");
        assert!(!Known::at(folder.path()).has(&note));
    }

    #[test]
    fn notes_are_bounded() {
        let folder = folder(0o700);
        let known = Known::at(folder.path());
        for number in 0..NOTES_MAX + 3 {
            known.add(&Note(format!("{number}{SUFFIX}")));
        }
        let notes = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(notes, NOTES_MAX);
    }
}
