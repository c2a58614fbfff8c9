//! Arrays as NumPy writes them: `.npy`, or one of them in an `.npz`.

use std::io::{Cursor, Read};

use ndarray_npy::{ViewNpyError, ViewNpyExt};
use tract_onnx::prelude::tract_ndarray::ArrayViewD;
use zip::ZipArchive;

use crate::PackError;

/// Bytes of an array that are read.
pub const SAMPLES_BYTES_MAX: usize = 1 << 30;
/// Bytes of an array's header: NumPy's have 128, and a parser goes no deeper than this.
const HEADER_BYTES_MAX: usize = 4_096;
/// Arrays of an archive.
const ARRAYS_MAX: usize = 64;

/// Samples that a graph takes: `f32`, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    dims: Vec<usize>,
    values: Vec<f32>,
}

impl Samples {
    /// Reads `[n, …]`, where `…` is the graph's input without its batch.
    ///
    /// # Errors
    /// Fails where the bytes are no array of `f32`.
    pub fn read(bytes: &[u8]) -> Result<Self, PackError> {
        let array = npy(bytes)?;
        let view = ArrayViewD::<f32>::view_npy(&array)
            .map_err(|cause| PackError::Samples(words(&cause, "f32")))?;
        let dims = view.shape().to_vec();
        if dims.contains(&0) || dims.len() < 2 {
            let fault = format!("have the sizes {dims:?}: [samples, …] is expected");
            return Err(PackError::Samples(fault));
        }
        Ok(Self {
            dims,
            values: view.iter().copied().collect(),
        })
    }

    /// Their number.
    #[must_use]
    pub fn count(&self) -> usize {
        self.dims.first().copied().unwrap_or(0)
    }

    /// One after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.elements().max(1))
    }

    /// Checks that they are what an input of these sizes takes.
    pub(crate) fn fit(&self, input: &[usize]) -> Result<(), PackError> {
        let behind = self.dims.get(1..).unwrap_or_default();
        let plain = |dims: &[usize]| dims.iter().copied().filter(|size| *size != 1).collect();
        let (found, wanted): (Vec<usize>, Vec<usize>) = (plain(behind), plain(input));
        if found != wanted {
            let expected: Vec<String> = std::iter::once("samples".to_owned())
                .chain(input.iter().skip(1).map(usize::to_string))
                .collect();
            return Err(PackError::Samples(format!(
                "have the sizes {:?}, the model takes [{}]",
                self.dims,
                expected.join(", ")
            )));
        }
        match self.values.iter().all(|value| value.is_finite()) {
            true => Ok(()),
            false => Err(PackError::Samples(
                "have a value that is not finite".to_owned(),
            )),
        }
    }

    fn elements(&self) -> usize {
        self.dims.iter().skip(1).product()
    }
}

/// Reads the class of each sample: `[n]`, unsigned bytes or integers.
///
/// # Errors
/// Fails where the bytes are no such array.
pub fn read_labels(bytes: &[u8]) -> Result<Vec<usize>, PackError> {
    let array = npy(bytes)?;
    let negative = || PackError::Samples("have a label below 0".to_owned());
    if let Ok(view) = ArrayViewD::<u8>::view_npy(&array) {
        return Ok(view.iter().map(|label| usize::from(*label)).collect());
    }
    if let Ok(view) = ArrayViewD::<i32>::view_npy(&array) {
        let labels = view.iter().map(|label| usize::try_from(*label));
        return labels.collect::<Result<_, _>>().map_err(|_| negative());
    }
    let view = ArrayViewD::<i64>::view_npy(&array)
        .map_err(|cause| PackError::Samples(words(&cause, "u8, i32 or i64")))?;
    let labels = view.iter().map(|label| usize::try_from(*label));
    labels.collect::<Result<_, _>>().map_err(|_| negative())
}

/// The array's bytes: the file's own, or those of the first array of an archive.
fn npy(bytes: &[u8]) -> Result<Vec<u8>, PackError> {
    let fault = |words: String| PackError::Samples(words);
    if bytes.len() > SAMPLES_BYTES_MAX {
        return Err(fault(format!(
            "have {} bytes, {SAMPLES_BYTES_MAX} are read at most",
            bytes.len()
        )));
    }
    let array = if bytes.starts_with(b"PK") {
        unzipped(bytes).map_err(fault)?
    } else {
        bytes.to_vec()
    };
    check_header(&array).map_err(fault)?;
    Ok(array)
}

/// Before a parser sees it: a header of nested brackets would cost a parser its stack.
fn check_header(array: &[u8]) -> Result<(), String> {
    let length = match array {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _, a, b, ..] => {
            usize::from(u16::from_le_bytes([*a, *b]))
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, _, a, b, c, d, ..] => {
            usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX)
        }
        _ => return Err("are no NumPy array (.npy or .npz)".to_owned()),
    };
    if length > HEADER_BYTES_MAX {
        return Err(format!(
            "have a header of {length} bytes, {HEADER_BYTES_MAX} are read at most"
        ));
    }
    Ok(())
}

/// The one array of an archive.
fn unzipped(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let broken = |cause: zip::result::ZipError| format!("are a broken .npz: {cause}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    match archive.len() {
        1 => {}
        count @ 0..=ARRAYS_MAX => {
            return Err(format!(
                "have {count} arrays in their .npz: one is expected"
            ));
        }
        _ => return Err("have more arrays in their .npz than are read".to_owned()),
    }
    let entry = archive.by_index(0).map_err(broken)?;
    let mut array = Vec::new();
    let most = u64::try_from(SAMPLES_BYTES_MAX).unwrap_or(u64::MAX);
    entry
        .take(most.saturating_add(1))
        .read_to_end(&mut array)
        .map_err(|cause| format!("are a broken .npz: {cause}"))?;
    if array.len() > SAMPLES_BYTES_MAX {
        return Err(format!(
            "have more than {SAMPLES_BYTES_MAX} bytes in their .npz"
        ));
    }
    Ok(array)
}

fn words(cause: &ViewNpyError, wanted: &str) -> String {
    match cause {
        ViewNpyError::WrongDescriptor(found) => {
            format!("have elements of {found}, {wanted} is expected")
        }
        ViewNpyError::NonNativeEndian => "are big-endian".to_owned(),
        ViewNpyError::MisalignedData => {
            "do not begin at a multiple of their size: save them with numpy.save".to_owned()
        }
        ViewNpyError::Io(_)
        | ViewNpyError::ParseHeader(_)
        | ViewNpyError::InvalidData(_)
        | ViewNpyError::LengthOverflow
        | ViewNpyError::WrongNdim(..)
        | ViewNpyError::MissingBytes(_)
        | ViewNpyError::ExtraBytes(_)
        | _ => format!("cannot be read: {cause}"),
    }
}
