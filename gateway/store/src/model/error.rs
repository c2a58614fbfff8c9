use std::path::PathBuf;

use weir_profile::ModelName;

use crate::ReadError;

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum ModelError {
    /// No folder has it.
    #[error("there is no model {model}: {model}/model.toml was looked for in {searched}")]
    NotFound { model: ModelName, searched: String },
    /// A file of it cannot be read.
    #[error("model {model}: {}", path.display())]
    Unreadable {
        model: ModelName,
        path: PathBuf,
        #[source]
        cause: ReadError,
    },
    /// `model.toml` is not TOML, or has other keys.
    #[error("model {model}: {}:{line}: {message}", path.display())]
    Syntax {
        model: ModelName,
        path: PathBuf,
        line: usize,
        message: String,
    },
    /// A key of `model.toml` says what cannot be.
    #[error("model {model}: {}: {key}: {fault}", path.display())]
    Invalid {
        model: ModelName,
        path: PathBuf,
        key: String,
        fault: String,
    },
    /// The file is not the one that `model.toml` was written for.
    #[error("model {model}: {} has the SHA-256 {found}, model.toml states {stated}", file.display())]
    Digest {
        model: ModelName,
        file: PathBuf,
        stated: String,
        found: String,
    },
}

impl ModelError {
    /// The stable code used in logs and health.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "model_not_found",
            Self::Unreadable { .. } => "model_unreadable",
            Self::Syntax { .. } => "model_manifest_syntax",
            Self::Invalid { .. } => "model_manifest_invalid",
            Self::Digest { .. } => "model_digest",
        }
    }
}
