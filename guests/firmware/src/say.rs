//! Lines for the host, by semihosting. One line is a few calls of the debugger: each stops the chip.

use core::fmt::{self, Write};

use cortex_m_semihosting::hio::{HostStream, hstdout};

const CHUNK_BYTES: usize = 128;

/// One line.
macro_rules! say {
    ($($words:tt)*) => { $crate::say::line(|line| core::fmt::Write::write_fmt(line, format_args!($($words)*))) };
}
pub(crate) use say;

/// Gathers what is written to it, so that the host is called for chunks.
pub(crate) struct Line {
    host: HostStream,
    chunk: [u8; CHUNK_BYTES],
    len: usize,
}

/// Writes one line; where there is no host to read it, nothing.
pub(crate) fn line(write: impl FnOnce(&mut Line) -> fmt::Result) {
    let Ok(host) = hstdout() else { return };
    let mut line = Line {
        host,
        chunk: [0; CHUNK_BYTES],
        len: 0,
    };
    // Nobody could be told that telling failed.
    let written = write(&mut line).and_then(|()| line.write_str("\n"));
    written.and_then(|()| line.flush()).ok();
}

impl Line {
    /// Bytes as hexadecimal digits, in the order of memory.
    pub(crate) fn hex(&mut self, bytes: &[u8]) -> fmt::Result {
        bytes.iter().try_for_each(|byte| write!(self, "{byte:02x}"))
    }

    fn flush(&mut self) -> fmt::Result {
        let filled = self.chunk.get(..self.len).unwrap_or_default();
        let written = self.host.write_all(filled);
        self.len = 0;
        written.map_err(|()| fmt::Error)
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.len == CHUNK_BYTES {
                self.flush()?;
            }
            self.chunk[self.len] = byte;
            self.len += 1;
        }
        Ok(())
    }
}
