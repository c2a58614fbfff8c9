use half::f16;

/// The elements of a typed array (RFC 8746, section 2.1), without those of 128 bits, which no sensor sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Typed {
    kind: Kind,
    little_endian: bool,
    /// Bytes of an element.
    pub(super) bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Signed,
    Float,
}

impl Typed {
    /// The typed array that a tag announces: `0b010_f_s_e_ll`.
    pub(super) fn of(tag: u64) -> Option<Self> {
        if !(64..=87).contains(&tag) {
            return None;
        }
        let float = tag & 0b1_0000 != 0;
        let signed = tag & 0b1000 != 0;
        let little_endian = tag & 0b100 != 0;
        let size = tag & 0b11;
        let (kind, size) = match (float, signed) {
            (true, _) => (Kind::Float, size + 1),
            (false, true) => (Kind::Signed, size),
            (false, false) => (Kind::Unsigned, size),
        };
        let bytes = 1 << size;
        let reserved = kind == Kind::Signed && little_endian && bytes == 1;
        (bytes <= 8 && !reserved).then_some(Self {
            kind,
            little_endian,
            bytes,
        })
    }

    /// One element; `word` has [`Typed::bytes`] bytes.
    pub(super) fn number(self, word: &[u8]) -> f64 {
        let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        let bits = if self.little_endian {
            word.iter().rev().fold(0, join)
        } else {
            word.iter().fold(0, join)
        };
        match (self.kind, self.bytes) {
            (Kind::Unsigned, _) => bits as f64,
            (Kind::Signed, bytes) => {
                let unused = 64 - 8 * bytes;
                ((bits << unused) as i64 >> unused) as f64
            }
            (Kind::Float, 2) => f16::from_bits(bits as u16).to_f64(),
            (Kind::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (Kind::Float, _) => f64::from_bits(bits),
        }
    }
}
