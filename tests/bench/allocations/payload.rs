//! One sample of 32 numbers, in each codec.

use anyhow::{Context, Result};
use bytes::Bytes;
use weir_payload::{Elements, List, Sample, Tensor, VERSION};

/// The numbers of a sample.
pub(crate) const ELEMENTS: u8 = 32;

/// What sensors send.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Codec {
    Raw,
    Json,
    Cbor,
    Postcard,
}

impl Codec {
    pub(crate) const ALL: [Self; 4] = [Self::Raw, Self::Json, Self::Cbor, Self::Postcard];

    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Json => "json",
            Self::Cbor => "cbor",
            Self::Postcard => "postcard",
        }
    }

    /// As a pipeline names it.
    pub(crate) fn decode(self) -> &'static str {
        match self {
            Self::Raw => "codec = \"raw\", dtype = \"f32\"",
            Self::Json => "codec = \"json\", fields = [\"/values\"], time = \"/t\"",
            Self::Cbor => "codec = \"cbor\", fields = [\"/values\"]",
            Self::Postcard => "codec = \"postcard\"",
        }
    }

    /// A sample.
    pub(crate) fn payload(self) -> Result<Bytes> {
        let values: Vec<f32> = (0..ELEMENTS).map(|at| f32::from(at) / 8.0).collect();
        Ok(match self {
            Self::Raw => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            Self::Json => format!("{{\"t\":1795255200.5,\"values\":{values:?}}}").into(),
            Self::Cbor => cbor(&values),
            Self::Postcard => {
                let tensors = [Tensor::flat("", Elements::F32(&values))];
                let sample = Sample {
                    v: VERSION,
                    id: None,
                    time_us: None,
                    tensors: List::Slice(&tensors),
                };
                let mut buffer = [0; 1024];
                let sample = sample.encode(&mut buffer).context("it has room")?;
                Bytes::copy_from_slice(sample)
            }
        })
    }
}

/// A map of one key: `values`, an array of floats.
fn cbor(values: &[f32]) -> Bytes {
    let mut bytes = b"\xa1\x66values\x98".to_vec();
    bytes.push(ELEMENTS);
    for value in values {
        bytes.push(0xfa);
        bytes.extend(value.to_be_bytes());
    }
    bytes.into()
}
