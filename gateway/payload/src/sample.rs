use serde::Serialize;

use crate::{
    List, PayloadError, Tensor,
    error::{check_end, check_version},
};

/// What a sensor sends: one sample, several, or whole tensors, as its pipeline asks for.
///
/// On the wire, in this order: `v`, `id`, `time_us`, `tensors`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sample<'a> {
    /// [`VERSION`](crate::VERSION).
    pub v: u8,
    /// The sensor's own identity of the message, repeated when it is sent again.
    pub id: Option<&'a str>,
    /// The sample's time in microseconds since 1970-01-01 UTC, or on any clock of the sensor's that does not jump.
    pub time_us: Option<u64>,
    /// The values. With one input and a window: `[samples, channels]`, one after the other.
    pub tensors: List<'a, Tensor<'a>>,
}

impl<'a> Sample<'a> {
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
    /// Fails where the bytes are no sample of this version, or go on after it.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, PayloadError> {
        check_version(bytes)?;
        let ((v, id, time_us), rest) = postcard::take_from_bytes(bytes)?;
        let (tensors, rest) = List::take(rest)?;
        check_end(rest)?;
        Ok(Self {
            v,
            id,
            time_us,
            tensors,
        })
    }
}
