use weir_guest::{DType, ManifestSpec, StateSpec, TensorSpec, abi_version};

use crate::baseline::{CHANNELS_MAX, FIELDS};

/// The elements of the state, as a size.
#[expect(clippy::as_conversions, reason = "34 fits; `From` is not const")]
pub(crate) const STATE_LEN: u32 = FIELDS as u32;

#[expect(clippy::as_conversions, reason = "16 fits; `From` is not const")]
const CHANNELS: u32 = CHANNELS_MAX as u32;

pub(crate) const MANIFEST: ManifestSpec = ManifestSpec {
    name: "anomaly",
    version: env!("CARGO_PKG_VERSION"),
    abi: abi_version(),
    model_format: "",
    inputs: &[
        floats("value", &[-1], CHANNELS),
        floats("state", &[STATE_LEN.cast_signed()], STATE_LEN),
    ],
    outputs: &[
        floats("class", &[2], 2),
        floats("score", &[1], 1),
        floats("zscore", &[-1], CHANNELS),
        floats("state_next", &[STATE_LEN.cast_signed()], STATE_LEN),
    ],
    state: &[StateSpec {
        output: "state_next",
        input: "state",
        initial: &[],
    }],
    labels: &["normal", "anomaly"],
    features: &[],
};

const fn floats(name: &'static str, dims: &'static [i32], len: u32) -> TensorSpec {
    TensorSpec {
        name,
        dtype: DType::F32,
        dims,
        len_max: len * 4,
    }
}
