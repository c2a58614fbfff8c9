#![cfg(feature = "alloc")]

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::DType;

/// A guest's manifest as the host reads it from the custom section. A claim, not a fact: admission checks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The guest's name.
    pub name: String,
    /// The guest's version.
    pub version: String,
    /// The ABI that it was built for, `(major << 16) | minor`.
    pub abi: i32,
    /// The format of the models that it loads; empty = it needs none.
    pub model_format: String,
    /// The inputs of `predict`, in order.
    pub inputs: Vec<TensorInfo>,
    /// The outputs of `predict`, in order.
    pub outputs: Vec<TensorInfo>,
    /// The tensors that the host keeps for each device.
    pub state: Vec<StatePair>,
    /// The labels of the first output's elements.
    pub labels: Vec<String>,
    /// WebAssembly features beyond WASM1 that the code says it uses.
    pub features: Vec<String>,
}

/// One tensor: name, type, shape and greatest size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// [`DType`] code.
    pub dtype: u8,
    /// Its sizes; −1 = varies.
    pub dims: Vec<i32>,
    /// The greatest number of bytes that it may have.
    pub len_max: u32,
}

/// An output that comes back as an input of the same device's next call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatePair {
    /// The output that is kept.
    pub output: String,
    /// The input that it becomes.
    pub input: String,
    /// The bytes of a new device's first value; empty = zeros.
    pub initial: Vec<u8>,
}

/// Why a manifest section cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError(postcard::Error);

impl core::fmt::Display for ManifestError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the section weir.manifest is not a manifest in postcard format")
    }
}

impl core::error::Error for ManifestError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Manifest {
    /// Reads the contents of the section [`MANIFEST_SECTION`](crate::MANIFEST_SECTION).
    ///
    /// # Errors
    /// Fails where the bytes are not postcard of this shape, or go on after it.
    pub fn decode(section: &[u8]) -> Result<Self, ManifestError> {
        let (manifest, rest) = postcard::take_from_bytes(section).map_err(ManifestError)?;
        if rest.is_empty() {
            Ok(manifest)
        } else {
            Err(ManifestError(postcard::Error::DeserializeBadEncoding))
        }
    }
}

impl TensorInfo {
    /// The type of its elements; none where the code is unknown.
    #[must_use]
    pub fn dtype(&self) -> Option<DType> {
        DType::from_code(self.dtype)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ManifestSpec, StateSpec, TensorSpec};

    const SPEC: ManifestSpec = ManifestSpec {
        name: "anomaly",
        version: "1.2.3",
        abi: crate::abi_version(),
        model_format: "",
        inputs: &[TensorSpec {
            name: "x",
            dtype: DType::F32,
            dims: &[-1, 3, 300],
            len_max: 70_000,
        }],
        outputs: &[],
        state: &[StateSpec {
            output: "after",
            input: "before",
            initial: &[1, 2, 200],
        }],
        labels: &["normal", "größer"],
        features: &["simd"],
    };
    const BYTES: [u8; SPEC.len()] = SPEC.encode();

    #[test]
    fn the_const_encoder_writes_what_postcard_writes() {
        let manifest = Manifest::decode(&BYTES).expect("decodes");
        assert_eq!(manifest.inputs[0].dims, [-1, 3, 300]);
        assert_eq!(manifest.inputs[0].dtype(), Some(DType::F32));
        assert_eq!(manifest.labels[1], "größer");
        assert_eq!(postcard::to_allocvec(&manifest).expect("encodes"), BYTES);
    }

    #[test]
    fn trailing_and_missing_bytes_are_refused() {
        let mut longer = BYTES.to_vec();
        longer.push(0);
        assert!(Manifest::decode(&longer).is_err());
        assert!(Manifest::decode(&BYTES[..BYTES.len() - 1]).is_err());
        assert!(Manifest::decode(&[]).is_err());
    }
}
