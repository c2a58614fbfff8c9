use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;

/// Where things lie: the repository and cargo's target folder (`CARGO_TARGET_DIR` is honoured).
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

impl Tree {
    /// Finds the repository that this tool belongs to, whatever the current folder is.
    ///
    /// # Errors
    /// Fails where cargo cannot read the workspace.
    pub(crate) fn locate() -> Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package
            .parent()
            .context("xtask lies in the root folder of the repository")?
            .to_owned();
        let text = process::output(process::cargo(&root).args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
        ]))
        .context("failed to read the workspace")?;
        let target = serde_json::from_str::<Metadata>(&text)?.target_directory;
        Ok(Self { root, target })
    }

    /// The guests' workspace.
    pub(crate) fn guests(&self) -> PathBuf {
        self.root.join("guests")
    }

    /// Where the guests are built.
    pub(crate) fn guests_target(&self) -> PathBuf {
        self.target.join("guests")
    }

    /// The firmware's workspace.
    pub(crate) fn firmware(&self) -> PathBuf {
        self.guests().join("firmware")
    }

    /// Where the firmware is built, and where its tests look for it.
    pub(crate) fn firmware_target(&self) -> PathBuf {
        self.target.join("firmware")
    }

    /// Where a development build of weir looks for `<guest>.wasm`.
    pub(crate) fn collected_guests(&self) -> PathBuf {
        self.target.join("share").join("weir").join("guests")
    }

    /// The models that ship.
    pub(crate) fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// What packages, services and containers are made of.
    pub(crate) fn packaging(&self) -> PathBuf {
        self.root.join("packaging")
    }

    /// The weir binary that the tests and the demo run.
    pub(crate) fn weir(&self) -> PathBuf {
        self.target.join("debug").join("weir")
    }

    /// A path as a reader of the repository writes it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}
