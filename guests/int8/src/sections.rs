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
        let mut each = channels.0.iter().map(Channel::from_bytes);
        if each.all(|channel| channel.requantise.is_sound()) {
            Ok(channels)
        } else {
            Err(LayerFault::Requantise)
        }
    }

    /// The records in blocks; what the last one lacks makes outputs that nobody asks for.
    pub(crate) fn blocks(self) -> impl Iterator<Item = Block> {
        self.0.chunks(BLOCK).map(|records| match records {
            [r0, r1, r2, r3] => Block::of([r0, r1, r2, r3]),
            fewer => Block::of_fewer(fewer),
        })
    }
}

/// What makes the outputs of the sums of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) biases: [i32; BLOCK],
    pub(crate) requantise: [Requantise; BLOCK],
}

impl Block {
    #[inline(always)]
    fn of([r0, r1, r2, r3]: [&[u8; RECORD_BYTES]; BLOCK]) -> Self {
        let channel = Channel::from_bytes;
        let [c0, c1, c2, c3] = [channel(r0), channel(r1), channel(r2), channel(r3)];
        Self {
            biases: [c0.bias, c1.bias, c2.bias, c3.bias],
            requantise: [c0.requantise, c1.requantise, c2.requantise, c3.requantise],
        }
    }

    #[cold]
    #[inline(never)]
    fn of_fewer(records: &[[u8; RECORD_BYTES]]) -> Self {
        const NONE: [u8; RECORD_BYTES] = [0; RECORD_BYTES];
        let record = |at: usize| records.get(at).unwrap_or(&NONE);
        Self::of([record(0), record(1), record(2), record(3)])
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
