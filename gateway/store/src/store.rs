use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use weir_engine::{GuestCode, GuestOrigin};
use weir_profile::{GuestName, ModelName, Paths, Profile};

use crate::{
    AdmitError, Model, ModelError, ReadError,
    admit::{Known, admit_unless_known},
    file,
    model::read_model,
    shared::Shared,
};

/// The folders of guests and models, first match wins.
#[derive(Debug, Clone)]
pub struct Store {
    guests: Vec<PathBuf>,
    models: Vec<PathBuf>,
    known: Known,
    shared: Shared,
}

impl Store {
    /// A store over the folders of the configuration.
    #[must_use]
    pub fn new(paths: &Paths) -> Self {
        Self {
            guests: paths.guests.clone(),
            models: paths.models.clone(),
            known: Known::at(&paths.cache),
            shared: Shared::default(),
        }
    }

    /// Finds a guest, reads it within the profile's module size, and admits it for the profile.
    ///
    /// # Errors
    /// Fails where there is no such guest, it cannot be read, or it is not admitted.
    pub fn guest(&self, name: &GuestName, profile: &Profile) -> Result<GuestCode, AdmitError> {
        let path = self.find_guest(name)?;
        let wasm = file::read(&path, profile.module_bytes_max).map_err(|cause| match cause {
            ReadError::TooLarge { bytes, .. } => AdmitError::ModuleTooLarge {
                guest: name.clone(),
                bytes,
                bytes_max: profile.module_bytes_max,
                profile: profile.name.clone(),
            },
            cause @ (ReadError::Io(_) | ReadError::NotRegular) => AdmitError::Unreadable {
                guest: name.clone(),
                path: path.clone(),
                cause,
            },
        })?;
        let origin = GuestOrigin::File(path);
        let code = admit_unless_known(name, wasm.into(), profile, origin, &self.known)?;
        Ok(GuestCode {
            wasm: self.shared.of(code.sha256, Arc::clone(&code.wasm)),
            ..code
        })
    }

    /// Finds a model and reads it within the profile's model size.
    ///
    /// # Errors
    /// Fails where there is no such model, it cannot be read, or it is not what its `model.toml` says.
    pub fn model(&self, name: &ModelName, profile: &Profile) -> Result<Model, ModelError> {
        let folder = find(
            &self.models,
            |folder| folder.join(name.as_str()),
            |path| path.join("model.toml").exists(),
        );
        match folder {
            Some(folder) => {
                let model = read_model(&folder, name, profile.limits.model_bytes_max)?;
                Ok(Model {
                    bytes: self.shared.of(model.sha256, Arc::clone(&model.bytes)),
                    ..model
                })
            }
            None => Err(ModelError::NotFound {
                model: name.clone(),
                searched: listed(&self.models),
            }),
        }
    }

    fn find_guest(&self, name: &GuestName) -> Result<PathBuf, AdmitError> {
        let file =
            |suffix: &'static str| move |folder: &Path| folder.join(format!("{name}.{suffix}"));
        if let Some(path) = find(&self.guests, file("wasm"), Path::exists) {
            return Ok(path);
        }
        Err(match find(&self.guests, file("wat"), Path::exists) {
            Some(_) => AdmitError::Text {
                guest: name.clone(),
            },
            None => AdmitError::NotFound {
                guest: name.clone(),
                searched: listed(&self.guests),
            },
        })
    }
}

fn find(
    folders: &[PathBuf],
    path: impl Fn(&Path) -> PathBuf,
    is_there: impl Fn(&Path) -> bool,
) -> Option<PathBuf> {
    let mut paths = folders.iter().map(|folder| path(folder));
    paths.find(|path| is_there(path))
}

fn listed(folders: &[PathBuf]) -> String {
    let folders: Vec<String> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    if folders.is_empty() {
        "no folder".to_owned()
    } else {
        folders.join(", ")
    }
}
