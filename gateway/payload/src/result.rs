use serde::{Deserialize, Serialize};

use crate::{
    List, PayloadError, Tensor,
    error::{check_end, check_version},
};

/// What a pipeline found, as a dashboard or a device without a JSON parser reads it.
///
/// On the wire: the fields in this order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct InferenceResult<'a> {
    /// [`VERSION`](crate::VERSION).
    pub v: u8,
    /// The identity of the message that led to it.
    pub id: &'a str,
    /// When that message was accepted, in microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// The pipeline.
    pub pipeline: &'a str,
    /// The device.
    pub device: &'a str,
    /// The best label; none where there are no labels or it is too uncertain.
    pub label: Option<&'a str>,
    /// How certain the best label is.
    pub confidence: Option<f32>,
    /// Name and version of the model.
    pub model_version: Option<&'a str>,
    /// Name and version of the guest.
    pub guest: &'a str,
    /// The engine that ran it.
    pub engine: &'a str,
    /// Microseconds from accepting the message to writing this.
    pub latency_us: u64,
    /// Microseconds of these in the guest.
    pub infer_us: u64,
    /// The best labels, where more than one was asked for.
    pub top: List<'a, Ranked<'a>>,
    /// The model's outputs, where asked for.
    pub outputs: List<'a, Tensor<'a>>,
}

/// One label of several.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ranked<'a> {
    /// The label.
    pub label: &'a str,
    /// How certain it is.
    pub confidence: f32,
}

type Head<'a> = (
    u8,
    &'a str,
    i64,
    &'a str,
    &'a str,
    Option<&'a str>,
    Option<f32>,
    Option<&'a str>,
    &'a str,
    &'a str,
    u64,
    u64,
);

impl<'a> InferenceResult<'a> {
    /// Writes the payload to the start of a buffer and returns that part.
    ///
    /// # Errors
    /// Fails where the buffer is too small.
    pub fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8], PayloadError> {
        Ok(postcard::to_slice(self, buffer)?)
    }

    /// Reads a payload; nothing is copied.
    ///
    /// # Errors
    /// Fails where the bytes are no result of this version, or go on after it.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, PayloadError> {
        check_version(bytes)?;
        let (head, rest) = postcard::take_from_bytes::<Head<'a>>(bytes)?;
        let (v, id, time_us, pipeline, device, label, confidence, ..) = head;
        let (.., model_version, guest, engine, latency_us, infer_us) = head;
        let (top, rest) = List::take(rest)?;
        let (outputs, rest) = List::take(rest)?;
        check_end(rest)?;
        Ok(Self {
            v,
            id,
            time_us,
            pipeline,
            device,
            label,
            confidence,
            model_version,
            guest,
            engine,
            latency_us,
            infer_us,
            top,
            outputs,
        })
    }
}
