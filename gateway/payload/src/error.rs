use core::fmt;

/// Why a payload cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadError {
    /// The bytes are not postcard of this shape, or the buffer is too small.
    Postcard(postcard::Error),
    /// A version that this crate does not know.
    Version {
        /// The first byte.
        found: u8,
    },
    /// Bytes follow after the end.
    Trailing {
        /// How many.
        bytes: usize,
    },
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postcard(_) => f.write_str("the bytes are not postcard of the expected shape"),
            Self::Version { found } => write!(
                f,
                "the payload has version {found}, known is {}",
                crate::VERSION
            ),
            Self::Trailing { bytes } => write!(f, "{bytes} bytes follow after the payload's end"),
        }
    }
}

impl core::error::Error for PayloadError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Postcard(cause) => Some(cause),
            Self::Version { .. } | Self::Trailing { .. } => None,
        }
    }
}

impl From<postcard::Error> for PayloadError {
    fn from(cause: postcard::Error) -> Self {
        Self::Postcard(cause)
    }
}

/// Refuses a first byte that is not [`crate::VERSION`].
pub(crate) fn check_version(bytes: &[u8]) -> Result<(), PayloadError> {
    match bytes.first() {
        Some(&found) if found != crate::VERSION => Err(PayloadError::Version { found }),
        _ => Ok(()),
    }
}

/// Refuses bytes after the end.
pub(crate) fn check_end(rest: &[u8]) -> Result<(), PayloadError> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(PayloadError::Trailing { bytes: rest.len() })
    }
}
