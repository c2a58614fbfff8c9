use guest_abi::DType;
use serde::{Serialize, Serializer, ser::SerializeSeq};

/// A tensor's elements. What is read is always [`Elements::Bytes`]; the others spare a writer the conversion.
#[derive(Debug, Clone, Copy)]
pub enum Elements<'a> {
    /// Little-endian elements of any type.
    Bytes(DType, &'a [u8]),
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 16-bit signed integers.
    I16(&'a [i16]),
    /// 32-bit signed integers.
    I32(&'a [i32]),
}

impl<'a> Elements<'a> {
    /// The type of the elements.
    #[must_use]
    pub const fn dtype(&self) -> DType {
        match self {
            Self::Bytes(dtype, _) => *dtype,
            Self::F32(_) => DType::F32,
            Self::I16(_) => DType::I16,
            Self::I32(_) => DType::I32,
        }
    }

    /// Their number of bytes on the wire.
    #[must_use]
    pub const fn len_bytes(&self) -> usize {
        match self {
            Self::Bytes(_, bytes) => bytes.len(),
            Self::F32(values) => values.len() * 4,
            Self::I16(values) => values.len() * 2,
            Self::I32(values) => values.len() * 4,
        }
    }

    /// The little-endian bytes, where they are held as such (always for what was read).
    #[must_use]
    pub const fn as_bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(_, bytes) => Some(bytes),
            Self::F32(_) | Self::I16(_) | Self::I32(_) => None,
        }
    }

    /// Every byte on the wire, in order.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + use<'a> {
        let (bytes, f32s, i16s, i32s): (&[u8], &[f32], &[i16], &[i32]) = match *self {
            Self::Bytes(_, bytes) => (bytes, &[], &[], &[]),
            Self::F32(values) => (&[], values, &[], &[]),
            Self::I16(values) => (&[], &[], values, &[]),
            Self::I32(values) => (&[], &[], &[], values),
        };
        bytes
            .iter()
            .copied()
            .chain(f32s.iter().flat_map(|value| value.to_le_bytes()))
            .chain(i16s.iter().flat_map(|value| value.to_le_bytes()))
            .chain(i32s.iter().flat_map(|value| value.to_le_bytes()))
    }

    /// The numbers, where the type is `f32`; else none.
    pub fn numbers_f32(&self) -> impl Iterator<Item = f32> + use<'a> {
        let is_f32 = matches!(self.dtype(), DType::F32);
        let mut bytes = self.bytes();
        core::iter::from_fn(move || {
            let word = [bytes.next()?, bytes.next()?, bytes.next()?, bytes.next()?];
            is_f32.then(|| f32::from_le_bytes(word))
        })
    }
}

impl PartialEq for Elements<'_> {
    /// Equal on the wire.
    fn eq(&self, other: &Self) -> bool {
        self.dtype() == other.dtype() && self.bytes().eq(other.bytes())
    }
}

impl Serialize for Elements<'_> {
    /// A byte string; in postcard a sequence of `u8` is written the same way.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(bytes) = self.as_bytes() {
            return serializer.serialize_bytes(bytes);
        }
        let mut sequence = serializer.serialize_seq(Some(self.len_bytes()))?;
        for byte in self.bytes() {
            sequence.serialize_element(&byte)?;
        }
        sequence.end()
    }
}
