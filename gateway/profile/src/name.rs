use std::{fmt, str::FromStr};

/// Why a name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a {kind}'s name: use 1 to {len_max} of the characters A-Z a-z 0-9 . _ -")]
pub struct NameError {
    name: String,
    kind: &'static str,
    len_max: usize,
}

macro_rules! name {
    ($type:ident, $kind:literal) => {
        #[doc = concat!("The name of a ", $kind, ": 1 to 64 of `A-Z a-z 0-9 . _ -`, safe in topics and file names.")]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// The greatest number of characters.
            pub const LEN_MAX: usize = 64;

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(name: &str) -> Result<Self, NameError> {
                if (1..=Self::LEN_MAX).contains(&name.len())
                    && !matches!(name, "." | "..")
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
                {
                    Ok(Self(name.to_owned()))
                } else {
                    Err(NameError { name: name.chars().take(80).collect(), kind: $kind, len_max: Self::LEN_MAX })
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(NodeName, "node");
name!(PipelineName, "pipeline");
name!(ProfileName, "device profile");
name!(GuestName, "guest");
name!(ModelName, "model");

/// A device, named by a segment of its topic: not empty, no control characters, at most 128 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(String);

impl DeviceId {
    /// The greatest number of bytes.
    pub const LEN_MAX: usize = 128;

    /// The device's name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceId {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let bad = |character: char| character.is_control() || matches!(character, '+' | '#' | '/');
        if (1..=Self::LEN_MAX).contains(&name.len()) && !name.contains(bad) {
            Ok(Self(name.to_owned()))
        } else {
            Err(NameError {
                name: name.chars().take(80).collect(),
                kind: "device",
                len_max: Self::LEN_MAX,
            })
        }
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
