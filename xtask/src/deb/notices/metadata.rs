use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Deserialize;

use crate::process;

/// What cargo knows of a workspace, for a target.
pub(super) fn metadata(folder: &Path, target: &str) -> Result<Metadata> {
    let mut cargo = process::guests_cargo(folder);
    cargo.args(["metadata", "--locked", "--format-version", "1"]);
    let text = process::output(cargo.args(["--filter-platform", target]))?;
    Ok(serde_json::from_str(&text)?)
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
    pub(super) resolve: Resolve,
}

#[derive(Deserialize)]
pub(super) struct Package {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) manifest_path: PathBuf,
    pub(super) source: Option<String>,
    pub(super) targets: Vec<Target>,
}

#[derive(Deserialize)]
pub(super) struct Target {
    pub(super) kind: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Resolve {
    pub(super) nodes: Vec<Node>,
}

#[derive(Deserialize)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) deps: Vec<Dependency>,
}

#[derive(Deserialize)]
pub(super) struct Dependency {
    pub(super) pkg: String,
    pub(super) dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
pub(super) struct Kind {
    pub(super) kind: Option<String>,
}

impl Package {
    pub(super) fn is_macro(&self) -> bool {
        let mut kinds = self.targets.iter().flat_map(|target| &target.kind);
        kinds.any(|kind| kind == "proc-macro")
    }
}

impl Dependency {
    pub(super) fn is_linked(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.is_none())
    }
}
