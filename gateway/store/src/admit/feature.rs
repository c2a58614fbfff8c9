use guest_abi::Manifest;
use wasmparser::{Validator, WasmFeatures, types::Types};
use weir_profile::{Class, GuestName};

use super::AdmitError;

/// The features by the names that manifests and messages use.
const NAMED: [(&str, WasmFeatures); 17] = [
    ("sign-extension", WasmFeatures::SIGN_EXTENSION),
    (
        "nontrapping-float-to-int",
        WasmFeatures::SATURATING_FLOAT_TO_INT,
    ),
    ("multi-value", WasmFeatures::MULTI_VALUE),
    ("bulk-memory", WasmFeatures::BULK_MEMORY),
    ("reference-types", WasmFeatures::REFERENCE_TYPES),
    ("simd", WasmFeatures::SIMD),
    (
        "relaxed-simd",
        WasmFeatures::RELAXED_SIMD.union(WasmFeatures::SIMD),
    ),
    ("tail-call", WasmFeatures::TAIL_CALL),
    ("extended-const", WasmFeatures::EXTENDED_CONST),
    ("multi-memory", WasmFeatures::MULTI_MEMORY),
    ("memory64", WasmFeatures::MEMORY64),
    ("threads", WasmFeatures::THREADS),
    ("exceptions", WasmFeatures::EXCEPTIONS),
    ("function-references", WasmFeatures::FUNCTION_REFERENCES),
    (
        "gc",
        WasmFeatures::GC.union(WasmFeatures::FUNCTION_REFERENCES),
    ),
    ("custom-page-sizes", WasmFeatures::CUSTOM_PAGE_SIZES),
    ("wide-arithmetic", WasmFeatures::WIDE_ARITHMETIC),
];

/// What every guest may use without listing it.
const BASE: WasmFeatures = WasmFeatures::WASM1;

/// The features of a class. Microcontrollers: what every release of wasm3 runs. Others: WebAssembly 2.0, whose results
/// do not depend on the host; relaxed SIMD is not part of it.
const fn of_class(class: Class) -> WasmFeatures {
    match class {
        Class::Microcontroller => BASE
            .union(WasmFeatures::SIGN_EXTENSION)
            .union(WasmFeatures::SATURATING_FLOAT_TO_INT),
        Class::Sbc | Class::EdgeServer => WasmFeatures::WASM2,
    }
}

/// The names of the features that a guest of a class may list in its manifest and use.
pub fn class_features(class: Class) -> impl Iterator<Item = &'static str> {
    let granted = of_class(class);
    NAMED
        .into_iter()
        .filter_map(move |(name, flags)| granted.contains(flags).then_some(name))
}

/// The features that the manifest lists, all of which the class must allow.
pub(super) fn granted(
    guest: &GuestName,
    manifest: &Manifest,
    class: Class,
) -> Result<WasmFeatures, AdmitError> {
    let mut granted = BASE;
    let wasm = |listed: &&String| *listed != nn_graph::FEATURE;
    for listed in manifest.features.iter().filter(wasm) {
        let named = NAMED.iter().find(|(name, _)| name == listed);
        match named {
            Some((_, feature)) if of_class(class).contains(*feature) => granted |= *feature,
            _ => {
                return Err(AdmitError::FeatureNotAllowed {
                    guest: guest.clone(),
                    feature: listed.chars().take(64).collect(),
                    class,
                });
            }
        }
    }
    Ok(granted)
}

/// Validates the whole module; what it uses beyond what is granted is named.
pub(super) fn validate(
    guest: &GuestName,
    wasm: &[u8],
    granted: WasmFeatures,
    class: Class,
) -> Result<Types, AdmitError> {
    let cause = match Validator::new_with_features(granted).validate_all(wasm) {
        Ok(types) => return Ok(types),
        Err(cause) => cause,
    };
    let guest = guest.clone();
    Err(match missing(wasm, granted, &cause) {
        Some((feature, flags)) if of_class(class).contains(flags) => {
            AdmitError::FeatureNotListed { guest, feature }
        }
        Some((feature, _)) => AdmitError::FeatureNotAllowed {
            guest,
            feature: feature.to_owned(),
            class,
        },
        None => AdmitError::Invalid {
            guest,
            class,
            cause,
        },
    })
}

/// The feature that is missing: as the validator says, else the one with which the module is valid, or gets further.
fn missing(
    wasm: &[u8],
    granted: WasmFeatures,
    cause: &wasmparser::Error,
) -> Option<(&'static str, WasmFeatures)> {
    let hinted = cause.missing_wasm_feature();
    let hinted = hinted.and_then(|hint| NAMED.iter().find(|(_, flags)| flags.intersects(hint)));
    let remedy = || {
        NAMED.iter().find(|(_, flags)| {
            let more = Validator::new_with_features(granted | *flags).validate_all(wasm);
            more.is_ok_and(|_| true)
        })
    };
    let progress = || {
        NAMED.iter().find(|(_, flags)| {
            let more = Validator::new_with_features(granted | *flags).validate_all(wasm);
            more.is_err_and(|further| further.offset() > cause.offset())
        })
    };
    hinted.or_else(remedy).or_else(progress).copied()
}
