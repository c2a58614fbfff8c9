//! Admission: everything that can be known of a guest without running it.

mod asked;
mod caps;
mod depth;
mod error;
mod feature;
mod known;
mod manifest;
mod outline;
mod segments;
mod shape;

use std::sync::Arc;

use weir_engine::{GuestCode, GuestOrigin};
use weir_profile::{GuestName, Profile};

pub use asked::{AskedMemory, asked_memory};
pub use caps::Caps;
pub use error::AdmitError;
pub use feature::class_features;
pub(crate) use known::Known;
pub(crate) use manifest::is_of_the_model;

use self::known::Note;
use crate::file::sha256;

/// Admits a guest's module for a device profile.
///
/// # Errors
/// Fails where it is no WebAssembly core module, is not valid with the features of the profile's class, asks for what
/// the profile does not grant, or is not what its manifest says.
pub fn admit(
    name: &GuestName,
    wasm: Arc<[u8]>,
    profile: &Profile,
    origin: GuestOrigin,
) -> Result<GuestCode, AdmitError> {
    admit_unless_known(name, wasm, profile, origin, &Known::none())
}

/// The same, where a guest that an earlier run admitted is only read.
pub(crate) fn admit_unless_known(
    name: &GuestName,
    wasm: Arc<[u8]>,
    profile: &Profile,
    origin: GuestOrigin,
    known: &Known,
) -> Result<GuestCode, AdmitError> {
    if wasm.len() > profile.module_bytes_max {
        return Err(AdmitError::ModuleTooLarge {
            guest: name.clone(),
            bytes: u64::try_from(wasm.len()).unwrap_or(u64::MAX),
            bytes_max: profile.module_bytes_max,
            profile: profile.name.clone(),
        });
    }
    outline::kind(name, &wasm)?;
    let caps = Caps::of_profile(profile);
    let outline = outline::read(name, &wasm, &caps)?;
    let manifest = manifest::read(name, &outline)?;
    let sha256 = sha256(&wasm);
    let note = Note::of(&sha256, profile);
    if !known.has(&note) {
        let granted = feature::granted(name, &manifest, profile.class)?;
        let types = feature::validate(name, &wasm, granted, profile.class)?;
        shape::check(name, types.as_ref(), profile, &caps)?;
        segments::check(name, &wasm, &shape::places(types.as_ref()))?;
        if caps.bounds_depth() {
            depth::check(name, &wasm, granted, &caps)?;
        }
        manifest::check(name, &manifest, types.as_ref(), profile)?;
        known.add(&note);
    }
    Ok(GuestCode {
        name: name.to_string(),
        sha256,
        wasm,
        manifest: Arc::new(manifest),
        origin,
    })
}
