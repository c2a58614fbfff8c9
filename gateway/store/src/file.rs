use std::{
    fmt::Write,
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system says no.
    #[error("cannot be read")]
    Io(#[source] io::Error),
    /// A folder, a device, a pipe.
    #[error("is not a regular file")]
    NotRegular,
    /// Beyond its limit.
    #[error("has {bytes} bytes, {bytes_max} are allowed")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
}

/// The bytes of a regular file (symbolic links are followed), of which no more than the limit is ever read.
pub(crate) fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, ReadError> {
    let (file, bytes) = open(path)?;
    let bytes_max = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let too_large = |bytes| ReadError::TooLarge { bytes, bytes_max };
    if bytes > bytes_max {
        return Err(too_large(bytes));
    }
    let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(ReadError::Io)?;
    match u64::try_from(content.len()) {
        Ok(read) if read <= bytes_max => Ok(content),
        Ok(read) => Err(too_large(read)),
        Err(_) => Err(too_large(u64::MAX)),
    }
}

/// The size of a regular file.
pub(crate) fn size(path: &Path) -> Result<u64, ReadError> {
    open(path).map(|(_, bytes)| bytes)
}

/// Opened without waiting: a pipe in the place of a file must not hang the gateway.
fn open(path: &Path) -> Result<(File, u64), ReadError> {
    let nonblock = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nonblock)
        .open(path)
        .map_err(ReadError::Io)?;
    let metadata = file.metadata().map_err(ReadError::Io)?;
    if metadata.is_file() {
        Ok((file, metadata.len()))
    } else {
        Err(ReadError::NotRegular)
    }
}

/// The digest of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A digest in hexadecimal digits, as manifests and logs show it.
#[must_use]
pub fn sha256_hex(digest: &[u8; 32]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes every write");
        text
    })
}
