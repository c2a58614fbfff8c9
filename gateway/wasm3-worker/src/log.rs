use std::io;

use guest_abi::import;
use wasm3x::{Caller, Linker};
use weir_engine::GuestLog;
use weir_engine_wasm3::wire::Said;

use crate::gateway::{Frame, Mouth};

/// The lines of one call: each goes out as it comes, for a call that is killed at its deadline has no end to send
/// them with. As many as the host keeps; of the others, their number at each power of two.
pub(crate) struct Lines {
    mouth: Mouth,
    frame: Frame,
    lines: usize,
    dropped: u64,
}

impl Lines {
    pub(crate) fn new(mouth: Mouth) -> Self {
        Self {
            mouth,
            frame: Frame::default(),
            lines: 0,
            dropped: 0,
        }
    }

    /// Another call begins.
    pub(crate) fn begin(&mut self) {
        (self.lines, self.dropped) = (0, 0);
    }

    fn line(&mut self, level: i32, line: &[u8]) -> io::Result<()> {
        self.lines += 1;
        let body = self.frame.begin();
        body.extend_from_slice(&level.to_le_bytes());
        body.extend_from_slice(line);
        self.mouth.say(Said::Line, &mut self.frame)
    }

    fn count(&mut self) -> io::Result<()> {
        self.dropped = self.dropped.saturating_add(1);
        if !self.dropped.is_power_of_two() {
            return Ok(());
        }
        let body = self.frame.begin();
        body.extend_from_slice(&self.dropped.to_le_bytes());
        self.mouth.say(Said::Dropped, &mut self.frame)
    }
}

/// Offers `weir_host.log`, the only import there is.
pub(crate) fn offer(linker: &mut Linker<Lines>) -> wasm3x::Result<()> {
    linker.func_wrap(import::HOST, import::LOG, log)?;
    Ok(())
}

fn log(mut caller: Caller<'_, Lines>, level: i32, address: i32, len: i32) -> wasm3x::Result<()> {
    let mut bytes = [0; GuestLog::LINE_BYTES_MAX];
    let line = line(&caller, address, len, &mut bytes);
    let lines = caller.data_mut();
    let said = match line.filter(|_| lines.lines < GuestLog::LINES_MAX) {
        Some(line) => lines.line(level, line),
        None => lines.count(),
    };
    said.map_err(wasm3x::Error::host)
}

/// The beginning of a line; none where some of the line lies outside of the memory.
fn line<'b>(
    caller: &Caller<'_, Lines>,
    address: i32,
    len: i32,
    bytes: &'b mut [u8],
) -> Option<&'b [u8]> {
    let memory = caller.get_memory()?;
    let start = usize::try_from(address.cast_unsigned()).ok()?;
    let len = usize::try_from(len.cast_unsigned()).ok()?;
    let end = start.checked_add(len)?;
    if end > memory.data_size(caller) {
        return None;
    }
    let kept = &mut bytes[..len.min(GuestLog::LINE_BYTES_MAX)];
    memory.read(caller, start, kept).ok()?;
    Some(kept)
}
