use std::fmt::{self, Write as _};

use serde::{Serialize, Serializer};

/// A moment as the caller's clocks show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Microseconds since 1970-01-01 UTC.
    pub wall_us: i64,
    /// Microseconds on a clock that never goes back, from any start.
    pub monotonic_us: u64,
}

/// How long a message's inference took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// Microseconds in the guest.
    pub infer_us: u64,
    /// [`Now::monotonic_us`] as the result is written.
    pub finished_us: u64,
}

/// A wall time that is written as RFC 3339 in UTC, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UtcMillis(pub i64);

impl fmt::Display for UtcMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        write!(f, "{time:.3}")
    }
}

impl Serialize for UtcMillis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Rfc3339::default();
        write!(text, "{self}").map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(text.as_str())
    }
}

/// Room for a text such as `2026-11-21T10:00:00.123Z`: some serializers would allocate a `String` for it.
#[derive(Default)]
struct Rfc3339 {
    bytes: [u8; 32],
    len: usize,
}

impl Rfc3339 {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl fmt::Write for Rfc3339 {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_times_are_utc_to_the_millisecond() {
        assert_eq!(
            UtcMillis(1_795_255_200_123_999).to_string(),
            "2026-11-21T10:00:00.123Z"
        );
        assert_eq!(UtcMillis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert!(UtcMillis(i64::MAX).to_string().starts_with("9999-12-30T"));
    }
}
