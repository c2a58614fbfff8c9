//! What gateway and worker say to each other, over one stream socket.
//!
//! Frames: one byte that says what it is, four that say how long the rest is, the rest. All numbers are
//! little-endian. The worker speaks first ([`Said::Hello`]); then each side answers the other: one [`Asked::Load`],
//! [`Asked::Call`] or [`Asked::Read`] is out at a time. [`Asked::Write`] has no answer; log lines come before the
//! answer to the call that they were logged in.

mod ranges;
mod trap;

pub use ranges::{RANGE_BYTES, Ranges, ranges};
pub use trap::{read_trap, write_trap};

/// Raised with every change of what is said here: gateway and worker are of one version or do not work together.
pub const PROTOCOL: u32 = 1;
/// What a worker's first words begin with.
pub const ABOUT: &str = concat!("weir-wasm3 ", env!("CARGO_PKG_VERSION"), " (");
/// The argument with which the gateway starts a worker.
pub const SERVE: &str = "serve";
/// The bytes before each frame's body.
pub const HEADER_BYTES: usize = 5;
/// Bytes of words: what a worker is, why it ends, what a trap is called.
pub const WORDS_BYTES_MAX: usize = 256;
/// The ranges of memory that one call asks for.
pub const RANGES_MAX: usize = 160;
/// The bytes before the module's in [`Asked::Load`].
pub const LOAD_BYTES: usize = 16;
/// The bytes before the ranges in [`Asked::Call`]: the export, and four arguments.
pub const CALL_BYTES: usize = 17;
/// The bytes before the memory's in [`Said::Returned`]: what the export returned, and the size of the memory.
pub const RETURNED_BYTES: usize = 12;

macro_rules! kinds {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Its code in a frame.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code),* }
            }

            /// The kind with this code.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

kinds! {
    /// What the gateway says.
    Asked {
        /// Memory limit (u64), stack (u32), nothing (u32), module. Once, and first.
        Load = 1,
        /// Address (u32), bytes.
        Write = 2,
        /// Export (u8), four arguments (i32), the ranges of memory that come back with the answer.
        Call = 3,
        /// A range.
        Read = 4,
    }
}

kinds! {
    /// What the worker says.
    Said {
        /// Protocol (u32), words: what it is.
        Hello = 16,
        /// Size of the memory (u64). The answer to `Load`.
        Ready = 17,
        /// What the export returned (i32), size of the memory (u64), the bytes of the ranges asked for, in order.
        Returned = 18,
        /// A trap. The worker ends. Also an answer to `Load`.
        Trapped = 19,
        /// The bytes of the range asked for.
        Bytes = 20,
        /// Level (i32), a line of the guest's log.
        Line = 21,
        /// How many lines were dropped since the call began (u64), at least.
        Dropped = 22,
        /// Words: why the worker gives up. It ends.
        Fatal = 23,
    }
}

/// A frame's header.
#[must_use]
pub fn header(code: u8, len: usize) -> [u8; HEADER_BYTES] {
    let [a, b, c, d] = u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
    [code, a, b, c, d]
}

/// A frame's kind and the length of its body.
#[must_use]
pub fn read_header(header: [u8; HEADER_BYTES]) -> (u8, usize) {
    let [code, a, b, c, d] = header;
    let len = u32::from_le_bytes([a, b, c, d]);
    (code, usize::try_from(len).unwrap_or(usize::MAX))
}

/// Takes a number off the front of a frame's body.
pub fn take<const N: usize>(body: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = body.split_first_chunk()?;
    *body = rest;
    Some(*taken)
}

/// Words from the other side, as one line: cut, and without control characters.
#[must_use]
pub fn words(body: &[u8]) -> String {
    let kept = &body[..body.len().min(WORDS_BYTES_MAX)];
    String::from_utf8_lossy(kept).replace(|c: char| c.is_control(), " ")
}

/// The bytes of words, cut to what a frame may carry.
#[must_use]
pub fn words_bytes(words: &str) -> &[u8] {
    let bytes = words.as_bytes();
    &bytes[..bytes.len().min(WORDS_BYTES_MAX)]
}
