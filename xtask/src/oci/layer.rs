use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::staged;
use crate::process;

/// When and from what an image is made; nothing else of the moment and of the machine gets into it.
#[derive(Debug)]
pub(super) struct Stamp {
    /// Unix seconds.
    pub(super) epoch: u64,
    /// The same, as RFC 3339 has it.
    pub(super) written: String,
    /// The commit.
    pub(super) revision: String,
}

/// A layer: the same tree gives the same bytes.
#[derive(Debug)]
pub(super) struct Layer {
    /// Compressed, in a file.
    pub(super) file: PathBuf,
    /// Of the file.
    pub(super) digest: String,
    /// Of what is compressed in it.
    pub(super) diff_id: String,
    pub(super) packed_bytes: u64,
    pub(super) unpacked_bytes: u64,
    pub(super) made_by: String,
}

/// A folder of a layer that does not belong to root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owned {
    pub(super) folder: &'static str,
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Layer {
    /// Packs a tree into `file`. Everything belongs to root, but for the folders of `owned`, which are empty.
    pub(super) fn pack(
        tree: &Path,
        owned: &[Owned],
        stamp: &Stamp,
        file: &Path,
        made_by: &str,
    ) -> Result<Self> {
        let tar = file.with_extension("tar");
        process::run(&mut of_root(tree, owned, stamp, &tar)?, "pack a layer")?;
        for folder in owned {
            process::run(&mut of_other(tree, *folder, stamp, &tar), "pack a layer")?;
        }
        let (diff_id, unpacked_bytes) = digest(&tar)?;
        let packed = File::create(file).with_context(|| file.display().to_string())?;
        process::run(
            Command::new("gzip")
                .args(["-9", "--no-name", "--stdout"])
                .arg(&tar)
                .stdin(Stdio::null())
                .stdout(packed),
            "compress a layer",
        )?;
        staged::remove(&tar)?;
        let (digest, packed_bytes) = digest(file)?;
        Ok(Self {
            file: file.to_owned(),
            digest,
            diff_id,
            packed_bytes,
            unpacked_bytes,
            made_by: made_by.to_owned(),
        })
    }
}

/// The folder that holds the tree stays out of it: its mode is this machine's.
fn of_root(tree: &Path, owned: &[Owned], stamp: &Stamp, tar: &Path) -> Result<Command> {
    let mut command = tar_command("--create", tree, (0, 0), stamp, tar);
    command.args(["--anchored", "--no-wildcards"]);
    for other in owned {
        command.arg(format!("--exclude={}", other.folder));
    }
    let entries = staged::entries(tree)?;
    command
        .arg("--")
        .args(entries.iter().filter_map(|entry| entry.file_name()));
    Ok(command)
}

fn of_other(tree: &Path, owned: Owned, stamp: &Stamp, tar: &Path) -> Command {
    let owner = (owned.user, owned.group);
    let mut command = tar_command("--append", tree, owner, stamp, tar);
    command.args(["--no-recursion", "--", owned.folder]);
    command
}

fn tar_command(
    what: &str,
    tree: &Path,
    (user, group): (u32, u32),
    stamp: &Stamp,
    tar: &Path,
) -> Command {
    let mut command = Command::new("tar");
    command
        .arg(what)
        .arg("--file")
        .arg(tar)
        .args(["--format=gnu", "--sort=name", "--numeric-owner"])
        .arg(format!("--mtime=@{}", stamp.epoch))
        .arg(format!("--owner={user}"))
        .arg(format!("--group={group}"))
        .arg("--directory")
        .arg(tree)
        .env("LC_ALL", "C");
    command
}

/// The digest of a file as OCI writes it, and its size.
pub(super) fn digest(file: &Path) -> Result<(String, u64)> {
    let shown = || file.display().to_string();
    let mut source = File::open(file).with_context(shown)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = source.read(&mut buffer).with_context(shown)?;
        if read == 0 {
            return Ok((written(hash), bytes));
        }
        hash.update(&buffer[..read]);
        bytes += u64::try_from(read)?;
    }
}

/// The digest of bytes as OCI writes it.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    written(Sha256::new_with_prefix(bytes))
}

fn written(hash: Sha256) -> String {
    let hex: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn digests_are_those_of_sha256sum() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest_of(b""), empty);
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(digest(file.path()).unwrap(), (empty.to_owned(), 0));
    }

    #[test]
    fn the_same_tree_gives_the_same_layer() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = Stamp {
            epoch: 1_700_000_000,
            written: String::new(),
            revision: String::new(),
        };
        let mut digests = ["b-first", "a-first"].map(|order| {
            let tree = folder.path().join(order);
            let mut names = ["a", "b"];
            if order == "b-first" {
                names.reverse();
            }
            for name in names {
                fs::create_dir_all(tree.join(name)).unwrap();
                fs::write(tree.join(name).join("file"), name).unwrap();
            }
            let owned = Owned {
                folder: "b/owned",
                user: 10,
                group: 20,
            };
            fs::create_dir(tree.join(owned.folder)).unwrap();
            let file = folder.path().join(format!("{order}.gz"));
            Layer::pack(&tree, &[owned], &stamp, &file, "test")
                .unwrap()
                .digest
        });
        digests.sort();
        assert_eq!(digests[0], digests[1]);
    }
}
