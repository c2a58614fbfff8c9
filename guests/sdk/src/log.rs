use core::fmt;

use crate::words::Words;

/// How grave a line of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something is not as it should be.
    Warn,
    /// What an operator wants to know.
    Info,
    /// What an author wants to know.
    Debug,
    /// Everything else.
    Trace,
}

impl Level {
    const fn code(self) -> i32 {
        match self {
            Self::Error => 1,
            Self::Warn => 2,
            Self::Info => 3,
            Self::Debug => 4,
            Self::Trace => 5,
        }
    }
}

/// Writes one line, at most 512 bytes of it, to the node's log: `log!(Level::Info, "{n} boxes")`.
///
/// A guest that writes none imports nothing. Must not be called by [`Load::load`](crate::Load::load).
/// Outside of WebAssembly the line goes nowhere.
#[macro_export]
macro_rules! log {
    ($level:expr, $($words:tt)+) => {
        $crate::macros::write($level, ::core::format_args!($($words)+))
    };
}

#[doc(hidden)]
pub fn write(level: Level, words: fmt::Arguments<'_>) {
    let mut line = Words::new();
    line.append(words);
    host::log(level.code(), line.as_bytes());
}

#[cfg(target_arch = "wasm32")]
mod host {
    use crate::memory::address_of;

    #[expect(
        unsafe_code,
        reason = "the import; the host reads the line and checks the address"
    )]
    mod import {
        #[link(wasm_import_module = "weir_host")]
        unsafe extern "C" {
            pub(super) safe fn log(level: i32, address: i32, len: i32);
        }
    }

    pub(super) fn log(level: i32, line: &[u8]) {
        let len = i32::try_from(line.len()).unwrap_or(0);
        import::log(level, address_of(line, 0).cast_signed(), len);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod host {
    pub(super) fn log(_level: i32, _line: &[u8]) {}
}
