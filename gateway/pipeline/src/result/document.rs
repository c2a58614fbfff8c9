use guest_abi::DType;
use half::f16;
use schemars::JsonSchema;
use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::now::UtcMillis;

/// What a pipeline found in one message.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Result")]
pub struct InferenceResult<'a> {
    /// The version of this document: 1.
    pub v: u8,
    /// The identity of the message: the sensor's own, else `<node>/<pipeline>/<device>/<counter>`.
    pub id: &'a str,
    /// When the message was accepted, RFC 3339 in UTC.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: UtcMillis,
    /// The pipeline.
    pub pipeline: &'a str,
    /// The device.
    pub device: &'a str,
    /// The best label; left out where there are no labels or its confidence is below `min_confidence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<&'a str>,
    /// How certain the best label is; left out where there are no labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// The best labels, best first, where more than one is asked for.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub top: &'a [Ranked<'a>],
    /// The model's outputs, where asked for; the first one after softmax, where the pipeline or the model has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outputs: Option<&'a [Output<'a>]>,
    /// Name and version of the model; left out where the guest needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_version: Option<&'a str>,
    /// Name and version of the guest.
    pub guest: &'a str,
    /// The engine that ran it.
    pub engine: &'a str,
    /// Milliseconds from accepting the message to writing this.
    #[schemars(with = "f64")]
    pub latency_ms: Millis,
    /// Milliseconds of these in the guest.
    #[schemars(with = "f64")]
    pub infer_ms: Millis,
}

/// One label of several.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Ranked<'a> {
    /// The label.
    pub label: &'a str,
    /// How certain it is.
    pub confidence: f32,
}

/// One output of the model.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its sizes.
    pub shape: &'a [u32],
    /// Its elements, row-major.
    #[schemars(with = "Vec<f64>")]
    pub data: Numbers<'a>,
}

/// Microseconds, written as milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Millis(pub u64);

/// Numbers: in JSON the shortest text that reads back as the same number, in CBOR floats of their own width.
#[derive(Debug, Clone, Copy)]
pub enum Numbers<'a> {
    /// Little-endian elements.
    Encoded(DType, &'a [u8]),
    /// Scores after softmax.
    Scores(&'a [f32]),
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let millis = std::time::Duration::from_micros(self.0).as_secs_f64() * 1e3;
        serializer.serialize_f64((millis * 1e3).round() / 1e3)
    }
}

impl Serialize for Numbers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Scores(scores) => serializer.collect_seq(scores),
            Self::Encoded(dtype, bytes) => match dtype {
                DType::F32 => write(serializer, bytes, f32::from_le_bytes),
                DType::F64 => write(serializer, bytes, f64::from_le_bytes),
                DType::F16 => write(serializer, bytes, |word| f16::from_le_bytes(word).to_f32()),
                DType::U8 => write(serializer, bytes, u8::from_le_bytes),
                DType::I8 => write(serializer, bytes, i8::from_le_bytes),
                DType::I16 => write(serializer, bytes, i16::from_le_bytes),
                DType::I32 => write(serializer, bytes, i32::from_le_bytes),
                DType::I64 => write(serializer, bytes, i64::from_le_bytes),
            },
        }
    }
}

fn write<S: Serializer, T: Serialize, const N: usize>(
    serializer: S,
    bytes: &[u8],
    number: impl Fn([u8; N]) -> T,
) -> Result<S::Ok, S::Error> {
    let words = bytes.as_chunks::<N>().0;
    let mut sequence = serializer.serialize_seq(Some(words.len()))?;
    for word in words {
        sequence.serialize_element(&number(*word))?;
    }
    sequence.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_shortest_that_read_back() {
        let json = |numbers: Numbers<'_>| serde_json::to_string(&numbers).unwrap();
        let floats: Vec<u8> = [0.1_f32, 16_777_216.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        assert_eq!(
            json(Numbers::Encoded(DType::F32, &floats)),
            "[0.1,16777216.0]"
        );
        assert_eq!(json(Numbers::Encoded(DType::I8, &[0xff, 5])), "[-1,5]");
        assert_eq!(json(Numbers::Encoded(DType::F16, &[0x00, 0x3c])), "[1.0]");
        assert_eq!(json(Numbers::Scores(&[0.25])), "[0.25]");
        assert_eq!(serde_json::to_string(&Millis(480)).unwrap(), "0.48");
        assert_eq!(
            serde_json::to_string(&Millis(1_234_567)).unwrap(),
            "1234.567"
        );
    }
}
