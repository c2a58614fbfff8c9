use super::take;

/// The bytes of a range in a frame: address (u32), length (u32).
pub const RANGE_BYTES: usize = 8;

/// Ranges of guest memory as they stand in a frame.
#[derive(Debug, Clone, Copy)]
pub struct Ranges<'a>(&'a [u8]);

/// The ranges at the end of a frame; none where the bytes are not a whole number of them.
#[must_use]
pub fn ranges(body: &[u8]) -> Option<Ranges<'_>> {
    body.len()
        .is_multiple_of(RANGE_BYTES)
        .then_some(Ranges(body))
}

impl Ranges<'_> {
    /// How many they are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.0.len() / RANGE_BYTES
    }
}

impl Iterator for Ranges<'_> {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<Self::Item> {
        let address = take(&mut self.0).map(u32::from_le_bytes)?;
        let len = take(&mut self.0).map(u32::from_le_bytes)?;
        Some((address, len))
    }
}
