use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{process, tree::Tree};

/// What the rules look at: the files that git tracks or would track, and the packages of all workspaces.
#[derive(Debug, Default)]
pub(super) struct Repo {
    /// Where it lies on this machine.
    pub(super) root: String,
    pub(super) files: Vec<File>,
    /// Ours and those that ours are built from.
    pub(super) packages: Vec<Package>,
}

/// A file of the repository.
#[derive(Debug)]
pub(super) struct File {
    /// From the root, with slashes.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// A package as cargo sees it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    /// None = ours.
    pub(super) source: Option<String>,
    /// The manifest; of ours from the root.
    pub(super) manifest_path: String,
    pub(super) dependencies: Vec<Dependency>,
}

/// A direct dependency of a package.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// `dev`, `build`, or none for a normal one.
    pub(super) kind: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

impl Repo {
    /// Reads the repository and asks cargo about all workspaces.
    ///
    /// # Errors
    /// Fails where git or cargo does not answer or a file cannot be read.
    pub(super) fn read(tree: &Tree) -> Result<Self> {
        let mut packages = packages_of(tree, &tree.root, "x86_64-unknown-linux-gnu")?;
        packages.extend(packages_of(tree, &tree.guests(), "wasm32-unknown-unknown")?);
        packages.extend(packages_of(
            tree,
            &tree.firmware(),
            "thumbv7em-none-eabihf",
        )?);
        // What several workspaces are built from counts once.
        packages.sort_by(|one, other| one.manifest_path.cmp(&other.manifest_path));
        packages.dedup_by(|one, other| one.manifest_path == other.manifest_path);
        Ok(Self {
            root: tree.root.display().to_string(),
            files: files(&tree.root)?,
            packages,
        })
    }

    /// Our own packages.
    pub(super) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.source.is_none())
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The text files with one of these extensions.
    pub(super) fn texts<'a>(
        &'a self,
        extensions: &'a [&'a str],
    ) -> impl Iterator<Item = (&'a File, &'a str)> {
        self.files
            .iter()
            .filter(move |file| extensions.contains(&file.extension()))
            .filter_map(|file| Some((file, file.text()?)))
    }
}

impl File {
    #[cfg(test)]
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            bytes: text.as_bytes().to_owned(),
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        str::from_utf8(&self.bytes).ok()
    }

    pub(super) fn extension(&self) -> &str {
        let path = Path::new(&self.path);
        path.extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or("")
    }
}

impl Package {
    /// The folder of one of ours, from the root.
    pub(super) fn folder(&self) -> &str {
        self.manifest_path
            .strip_suffix("/Cargo.toml")
            .unwrap_or(&self.manifest_path)
    }
}

/// The lines of a text, counted from 1.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

/// The identifiers and numbers of a line.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .filter(|word| !word.is_empty())
}

fn files(root: &Path) -> Result<Vec<File>> {
    let listed = process::output(Command::new("git").current_dir(root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))
    .context("the rules look at what git tracks")?;
    let mut files = Vec::new();
    for path in listed.split_terminator('\0') {
        let full = root.join(path);
        // Deleted and not yet committed, a link, or a folder of its own.
        if fs::symlink_metadata(&full).is_ok_and(|entry| entry.is_file()) {
            files.push(File {
                path: path.to_owned(),
                bytes: fs::read(&full).with_context(|| path.to_owned())?,
            });
        }
    }
    Ok(files)
}

fn packages_of(tree: &Tree, workspace: &Path, platform: &str) -> Result<Vec<Package>> {
    let text = process::output(
        process::cargo(workspace)
            .args(["metadata", "--format-version", "1"])
            .args(["--filter-platform", platform]),
    )?;
    let mut packages = serde_json::from_str::<Metadata>(&text)?.packages;
    for package in &mut packages {
        package.manifest_path = tree.shown(Path::new(&package.manifest_path));
    }
    Ok(packages)
}

#[cfg(test)]
impl Repo {
    /// A repository of these files and no packages.
    pub(super) fn of_files(files: &[(&str, &str)]) -> Self {
        Self {
            files: files
                .iter()
                .map(|(path, text)| File::new(path, text))
                .collect(),
            ..Self::default()
        }
    }

    /// The same with one of our packages and its dependencies.
    pub(super) fn with_member(mut self, folder: &str, name: &str, dependencies: &[&str]) -> Self {
        self.packages.push(Package {
            name: name.to_owned(),
            manifest_path: format!("{folder}/Cargo.toml"),
            dependencies: dependencies
                .iter()
                .map(|name| Dependency {
                    name: (*name).to_owned(),
                    kind: None,
                })
                .collect(),
            ..Package::default()
        });
        self
    }
}
