use guest_abi::{ABI_MAJOR, Manifest, export, import};
use wasmparser::types::TypesRef;
use weir_engine::Signature;
use weir_profile::{GuestName, Profile};

use super::{AdmitError, outline::Outline, shape::exported};

/// The greatest size of a manifest: a thousand labels and every tensor fit many times over.
const BYTES_MAX: usize = 256 * 1024;
/// The greatest number of labels.
const LABELS_MAX: usize = 65_536;
/// The greatest number of bytes of a version, a format or a tensor's name.
const TEXT_BYTES_MAX: usize = 128;
/// The greatest number of features.
const FEATURES_MAX: usize = 64;

/// Reads the manifest.
pub(super) fn read(guest: &GuestName, outline: &Outline<'_>) -> Result<Manifest, AdmitError> {
    let guest = guest.clone();
    let bytes = outline.manifest.len();
    if bytes > BYTES_MAX {
        let contradiction = format!("its manifest has {bytes} bytes, {BYTES_MAX} are possible");
        return Err(AdmitError::Contradiction {
            guest,
            contradiction,
        });
    }
    let manifest = Manifest::decode(outline.manifest).map_err(|cause| AdmitError::Manifest {
        guest: guest.clone(),
        cause,
    })?;
    let major = manifest.abi >> 16;
    if major != i32::from(ABI_MAJOR) {
        return Err(AdmitError::Abi { guest, major });
    }
    if manifest.name != guest.as_str() {
        return Err(AdmitError::ManifestName {
            guest,
            stated: manifest.name.chars().take(80).collect(),
        });
    }
    Ok(manifest)
}

/// Checks the manifest against itself, the module and the profile.
pub(super) fn check(
    guest: &GuestName,
    manifest: &Manifest,
    types: TypesRef<'_>,
    profile: &Profile,
) -> Result<(), AdmitError> {
    let mut imports = types.core_imports().into_iter().flatten();
    let reaches_graphs = imports.any(|(module, ..)| module == import::NN);
    let feature = nn_graph::FEATURE;
    if reaches_graphs && !manifest.features.iter().any(|listed| listed == feature) {
        return Err(AdmitError::FeatureNotListed {
            guest: guest.clone(),
            feature,
        });
    }
    let loads = exported(types, export::LOAD_MODEL).is_some();
    let contradiction = sizes(manifest)
        .or_else(|| model(manifest, loads))
        .or_else(|| fixed_sizes(manifest, profile));
    if let Some(contradiction) = contradiction {
        return Err(AdmitError::Contradiction {
            guest: guest.clone(),
            contradiction,
        });
    }
    if is_of_the_model(manifest) {
        return Ok(());
    }
    let tensors = (manifest.inputs.clone(), manifest.outputs.clone());
    Signature::new(tensors.0, tensors.1, manifest.state.clone())
        .map(drop)
        .map_err(|cause| AdmitError::Signature {
            guest: guest.clone(),
            cause: Box::new(cause),
        })
}

/// Whether the model states inputs and outputs.
pub(crate) fn is_of_the_model(manifest: &Manifest) -> bool {
    manifest.inputs.is_empty() && manifest.outputs.is_empty() && !manifest.model_format.is_empty()
}

fn sizes(manifest: &Manifest) -> Option<String> {
    let tensors = || manifest.inputs.iter().chain(&manifest.outputs);
    let long = |text: &str| text.is_empty() || text.len() > TEXT_BYTES_MAX;
    if long(&manifest.version) || manifest.model_format.len() > TEXT_BYTES_MAX {
        return Some("its version or model format is empty or too long".to_owned());
    }
    if tensors().any(|tensor| long(&tensor.name)) {
        return Some("a tensor's name is empty or too long".to_owned());
    }
    let counts = [
        ("labels", manifest.labels.len(), LABELS_MAX),
        ("features", manifest.features.len(), FEATURES_MAX),
        ("state pairs", manifest.state.len(), manifest.inputs.len()),
    ];
    counts.iter().find_map(|(things, count, max)| {
        (count > max).then(|| format!("it states {count} {things}, {max} are possible"))
    })
}

fn model(manifest: &Manifest, loads: bool) -> Option<String> {
    match (manifest.model_format.as_str(), loads) {
        ("", true) => Some("it exports load_model, but states no model format".to_owned()),
        ("", false) if manifest.outputs.is_empty() => {
            Some("it states no outputs and loads no model that could".to_owned())
        }
        ("", false) => None,
        (format, false) => Some(format!(
            "it states the model format {format}, but does not export load_model"
        )),
        (_, true) => None,
    }
}

/// Tensors of fixed size that no call under this profile could carry.
fn fixed_sizes(manifest: &Manifest, profile: &Profile) -> Option<String> {
    let limits = &profile.limits;
    let sides = [
        (
            "inputs",
            "input_bytes_max",
            &manifest.inputs,
            limits.input_bytes_max,
        ),
        (
            "outputs",
            "output_bytes_max",
            &manifest.outputs,
            limits.output_bytes_max,
        ),
    ];
    sides.iter().find_map(|(side, key, tensors, max)| {
        let fixed = tensors.iter().filter(|tensor| !tensor.dims.contains(&-1));
        let bytes: u64 = fixed.map(|tensor| u64::from(tensor.len_max)).sum();
        let beyond = usize::try_from(bytes).map_or(true, |bytes| bytes > *max);
        beyond.then(|| {
            let profile = &profile.name;
            format!("its {side} have {bytes} bytes, profile {profile} allows {max} ({key})")
        })
    })
}
