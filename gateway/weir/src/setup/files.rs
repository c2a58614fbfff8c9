//! Files as they are to be: each whole or not at all, and what is replaced is kept beside it.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt, chown, fchown},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

use super::owners;

/// The begin of every file that setup writes, but for passwords that stand alone.
pub(super) const MARK: &str = "# Written by `weir setup`";

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody.
    Public,
    /// The node: its group, where this is root and the group is there, else only its owner.
    Node,
    /// Mosquitto: it belongs to its user, where this is root and the user is there.
    Mosquitto,
}

/// A file as it is to be.
pub(super) struct Planned {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) access: Access,
    /// Whether only a file that setup wrote may be replaced.
    pub(super) only_own: bool,
}

/// How a file stands to what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    New,
    Changed,
    Unchanged,
}

impl Planned {
    /// What is there now.
    pub(super) fn state(&self) -> Result<State> {
        match fs::read(&self.path) {
            Ok(bytes) if bytes == self.text.as_bytes() => Ok(State::Unchanged),
            Ok(bytes) if self.only_own && !bytes.starts_with(MARK.as_bytes()) => bail!(
                "{} is there and was not written by `weir setup`: move it away, or choose the broker by its address \
                 (--broker mqtt://localhost)",
                self.path.display()
            ),
            Ok(_) => Ok(State::Changed),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(State::New),
            Err(error) => {
                Err(error).with_context(|| format!("failed to read {}", self.path.display()))
            }
        }
    }

    /// What may be shown of it.
    pub(super) fn shown(&self) -> &str {
        match self.access {
            Access::Public => &self.text,
            Access::Node => "(a password)\n",
            Access::Mosquitto => "(for Mosquitto's eyes)\n",
        }
    }

    /// Writes it, and gives where the file that it replaces is kept.
    pub(super) fn write(&self) -> Result<Option<PathBuf>> {
        let state = self.state()?;
        if state == State::Unchanged {
            return Ok(None);
        }
        let words = || format!("failed to write {}", self.path.display());
        let backup = match state {
            State::Changed if self.access == Access::Public => {
                Some(self.keep().with_context(words)?)
            }
            State::New | State::Changed | State::Unchanged => None,
        };
        self.replace().with_context(words)?;
        Ok(backup)
    }

    /// A second name for the file that is there. Those with passwords are not kept: they only gain users.
    fn keep(&self) -> io::Result<PathBuf> {
        let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".bak-{time}"));
        let backup = PathBuf::from(name);
        match fs::hard_link(&self.path, &backup) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(backup),
            Err(error) => Err(error),
            Ok(()) => Ok(backup),
        }
    }

    fn replace(&self) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        self.make(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        let (mode, owner, group) = self.rights();
        file.as_file()
            .set_permissions(Permissions::from_mode(mode))?;
        if owner.is_some() || group.is_some() {
            fchown(file.as_file(), owner, group)?;
        }
        file.write_all(self.text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }

    fn make(&self, folder: &Path) -> io::Result<()> {
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        let is_secret = self.access == Access::Node;
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(if is_secret { 0o750 } else { 0o755 });
        builder.create(folder)?;
        let group = owners::group("weir").filter(|_| is_secret && owners::is_root());
        match group {
            Some(_) => chown(folder, None, group),
            None => Ok(()),
        }
    }

    /// Mode, owner and group.
    fn rights(&self) -> (u32, Option<u32>, Option<u32>) {
        let named = |id: Option<u32>| id.filter(|_| owners::is_root());
        match self.access {
            Access::Public => (0o644, None, None),
            Access::Node => match named(owners::group("weir")) {
                Some(group) => (0o640, None, Some(group)),
                None => (0o600, None, None),
            },
            Access::Mosquitto => {
                let owner = named(owners::user("mosquitto"));
                (0o600, owner, named(owners::group("mosquitto")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(path: &Path, text: &str, only_own: bool) -> Planned {
        Planned {
            path: path.to_owned(),
            text: text.to_owned(),
            access: Access::Public,
            only_own,
        }
    }

    #[test]
    fn what_is_replaced_is_kept_and_what_is_the_same_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/weir.toml");
        assert_eq!(planned(&path, "one", false).write().unwrap(), None);
        assert_eq!(planned(&path, "one", false).write().unwrap(), None);
        let backup = planned(&path, "two", false).write().unwrap().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_to_string(backup).unwrap(), "one");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
    }

    #[test]
    fn files_of_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.conf");
        fs::write(&path, "listener 1883\n").unwrap();
        let refused = planned(&path, MARK, true).write().unwrap_err();
        assert!(refused.to_string().contains("was not written by"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "listener 1883\n");
        fs::write(&path, format!("{MARK}, long ago\n")).unwrap();
        planned(&path, MARK, true).write().unwrap();
    }

    #[test]
    fn a_password_is_for_the_node_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials/broker");
        let secret = Planned {
            access: Access::Node,
            ..planned(&path, "secret\n", false)
        };
        secret.write().unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o007, 0, "{mode:o}");
        assert!(!secret.shown().contains("secret"));
    }
}
