use crate::{LayerFault, Requantise, SECTION_ALIGN};

/// Output channels whose weights lie side by side: a kernel computes that many at once.
pub(crate) const BLOCK: usize = 4;

const RECORD_BYTES: usize = 12;

/// The records of a layer's output channels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channels<'m>(&'m [[u8; RECORD_BYTES]]);

/// What makes the output of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) bias: i32,
    pub(crate) requantise: Requantise,
}

impl<'m> Channels<'m> {
    pub(crate) fn read(file: &'m [u8], at: u32, count: u16) -> Result<Self, LayerFault> {
        let count = usize::from(count);
        let (records, _) = section(file, at, count * RECORD_BYTES)?.as_chunks();
        let channels = Self(records);
        if channels.iter().all(|channel| channel.requantise.is_sound()) {
            Ok(channels)
        } else {
            Err(LayerFault::Requantise)
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Channel> {
        self.0.iter().map(Channel::from_bytes)
    }

    /// The records of each whole block, and those of the outputs behind the last one.
    pub(crate) fn blocks(self) -> (impl Iterator<Item = [Channel; BLOCK]>, Self) {
        let (blocks, rest) = self.0.as_chunks::<BLOCK>();
        let blocks = blocks.iter().map(|[r0, r1, r2, r3]| {
            let channel = Channel::from_bytes;
            [channel(r0), channel(r1), channel(r2), channel(r3)]
        });
        (blocks, Self(rest))
    }
}

impl Channel {
    #[inline(always)]
    fn from_bytes(record: &[u8; RECORD_BYTES]) -> Self {
        let [b0, b1, b2, b3, m0, m1, m2, m3, shift, ..] = *record;
        Self {
            bias: i32::from_le_bytes([b0, b1, b2, b3]),
            requantise: Requantise {
                multiplier: i32::from_le_bytes([m0, m1, m2, m3]),
                shift,
            },
        }
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let [b0, b1, b2, b3] = self.bias.to_le_bytes();
        let [m0, m1, m2, m3] = self.requantise.multiplier.to_le_bytes();
        [
            b0,
            b1,
            b2,
            b3,
            m0,
            m1,
            m2,
            m3,
            self.requantise.shift,
            0,
            0,
            0,
        ]
    }
}

/// So many bytes of the file from an aligned place on.
pub(crate) fn section(file: &[u8], at: u32, bytes: usize) -> Result<&[u8], LayerFault> {
    let start = usize::try_from(at).map_err(|_| LayerFault::Section)?;
    let end = start.checked_add(bytes).ok_or(LayerFault::Section)?;
    if !start.is_multiple_of(SECTION_ALIGN) {
        return Err(LayerFault::Section);
    }
    file.get(start..end).ok_or(LayerFault::Section)
}
