//! Arrays as NumPy reads them (`.npy`, format 1.0), written as they are made.

use std::io::{self, Write};

/// The element type of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    /// Little-endian `f32`.
    F32,
    /// `u8`.
    U8,
}

/// The header of an array in C order; its elements follow, as many as the shape says.
pub(crate) fn write_header(
    to: &mut impl Write,
    element: Element,
    shape: &[usize],
) -> io::Result<()> {
    const BEFORE_TEXT: usize = 10;
    let descr = match element {
        Element::F32 => "<f4",
        Element::U8 => "|u1",
    };
    let dims: String = shape.iter().map(|dim| format!("{dim}, ")).collect();
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dims}), }}");
    let padded = (BEFORE_TEXT + text.len() + 1).next_multiple_of(64) - BEFORE_TEXT;
    text.extend(std::iter::repeat_n(' ', padded - 1 - text.len()));
    text.push('\n');
    let length = u16::try_from(text.len()).map_err(io::Error::other)?;
    to.write_all(b"\x93NUMPY\x01\x00")?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(text.as_bytes())
}

/// Elements of an [`Element::F32`] array.
pub(crate) fn write_f32(
    to: &mut impl Write,
    values: impl IntoIterator<Item = f32>,
) -> io::Result<()> {
    values
        .into_iter()
        .try_for_each(|value| to.write_all(&value.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{Element, write_header};

    #[test]
    fn the_header_is_as_numpy_writes_it() {
        let mut written = Vec::new();
        write_header(&mut written, Element::F32, &[2, 3, 128]).unwrap();
        assert_eq!(written.len() % 64, 0);
        assert_eq!(&written[..10], b"\x93NUMPY\x01\x00\x76\x00");
        let text = String::from_utf8(written[10..].to_vec()).unwrap();
        assert!(
            text.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 128, ), }")
        );
        assert!(text.ends_with('\n'));
    }
}
