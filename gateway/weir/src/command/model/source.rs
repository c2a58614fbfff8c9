use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use weir_pack::ONNX_BYTES_MAX;
use weir_profile::{ModelName, Settings};
use weir_store::{Model, read_model};

/// A model's bytes, wherever they came from.
pub(super) struct Source {
    pub(super) file: PathBuf,
    pub(super) bytes: Vec<u8>,
    /// What its `model.toml` says, where there is one.
    pub(super) model: Option<Model>,
}

impl Source {
    /// By file, or by name in the folders of models.
    pub(super) fn find(settings: &Settings, model: &str) -> Result<Self> {
        let path = Path::new(model);
        if path.is_file() {
            return Self::read(path);
        }
        let folder = if path.is_dir() && path.join("model.toml").is_file() {
            path.to_owned()
        } else {
            let name: ModelName = model
                .parse()
                .with_context(|| format!("there is no file {model}"))?;
            let folders = settings.paths.models.iter();
            let found = folders
                .map(|folder| folder.join(name.as_str()))
                .find(|folder| folder.join("model.toml").exists());
            let searched: Vec<_> = settings
                .paths
                .models
                .iter()
                .map(|folder| folder.display().to_string())
                .collect();
            found.with_context(|| {
                format!(
                    "there is no file {model}, and no model of that name in {}",
                    searched.join(", ")
                )
            })?
        };
        let model = described(&folder)?;
        Ok(Self {
            file: model.file.clone(),
            bytes: model.bytes.to_vec(),
            model: Some(model),
        })
    }

    /// A file; a `model.toml` beside it that is about another file is left alone.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = bytes(path, ONNX_BYTES_MAX)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        let model = if folder.join("model.toml").is_file() {
            Some(described(folder)?).filter(|model| *model.bytes == *bytes)
        } else {
            None
        };
        Ok(Self {
            file: path.to_owned(),
            bytes,
            model,
        })
    }

    /// Whether it is an int8 network.
    pub(super) fn is_packed(&self) -> bool {
        weir_pack::is_int8(&self.bytes)
    }
}

/// The model in a folder that is named as the model is.
fn described(folder: &Path) -> Result<Model> {
    let full = folder
        .canonicalize()
        .with_context(|| format!("failed to find {}", folder.display()))?;
    let name = full.file_name().and_then(|name| name.to_str());
    let name: ModelName = name.context("the model's folder has no name")?.parse()?;
    Ok(read_model(folder, &name, ONNX_BYTES_MAX)?)
}

/// The bytes of a regular file, of which no more than the limit is read.
pub(super) fn bytes(path: &Path, bytes_max: usize) -> Result<Vec<u8>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("failed to read {shown}"))?;
    let metadata = file
        .metadata()
        .with_context(|| format!("failed to read {shown}"))?;
    ensure!(metadata.is_file(), "{shown} is not a regular file");
    let limit = u64::try_from(bytes_max)?;
    if metadata.len() > limit {
        bail!(
            "{shown} has {} bytes, {limit} are read at most",
            metadata.len()
        );
    }
    let mut bytes = Vec::new();
    file.take(limit)
        .read_to_end(&mut bytes)
        .with_context(|| format!("failed to read {shown}"))?;
    Ok(bytes)
}
