/// The lines that a guest logged, bounded in number and length: a flood costs the host nothing but a count.
#[derive(Debug, Default)]
pub struct GuestLog {
    lines: Vec<(u8, String)>,
    dropped: u64,
}

impl GuestLog {
    /// Lines kept between two calls of [`GuestLog::take`]; further ones are counted.
    pub const LINES_MAX: usize = 16;
    /// Bytes kept of a line.
    pub const LINE_BYTES_MAX: usize = 256;

    /// What `weir_host.log(level, address, len)` does. A line that lies outside of the memory is dropped.
    pub fn push(&mut self, level: i32, memory: &[u8], address: i32, len: i32) {
        match text(memory, address, len).filter(|_| self.lines.len() < Self::LINES_MAX) {
            Some(line) => self.lines.push((level_of(level), line)),
            None => self.dropped = self.dropped.saturating_add(1),
        }
    }

    /// Lines that never reached the host: at least so many were dropped where the guest runs.
    pub fn dropped_at_least(&mut self, count: u64) {
        self.dropped = self.dropped.max(count);
    }

    /// The lines since the last call; the last one says how many were dropped.
    pub fn take(&mut self) -> Vec<(u8, String)> {
        let mut lines = std::mem::take(&mut self.lines);
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            lines.push((level_of(2), format!("{dropped} more lines were dropped")));
        }
        lines
    }
}

fn text(memory: &[u8], address: i32, len: i32) -> Option<String> {
    let start = usize::try_from(address.cast_unsigned()).ok()?;
    let len = usize::try_from(len.cast_unsigned()).ok()?;
    let whole = memory.get(start..start.checked_add(len)?)?;
    let kept = &whole[..whole.len().min(GuestLog::LINE_BYTES_MAX)];
    let line = String::from_utf8_lossy(kept);
    Some(line.replace(|c: char| c.is_control(), " "))
}

fn level_of(level: i32) -> u8 {
    u8::try_from(level.clamp(1, 5)).unwrap_or(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_counted() {
        let mut log = GuestLog::default();
        let memory = [b'x'; 1024];
        for _ in 0..1000 {
            log.push(9, &memory, 0, 1024);
        }
        let lines = log.take();
        assert_eq!(lines.len(), GuestLog::LINES_MAX + 1);
        assert_eq!(lines[0], (5, "x".repeat(GuestLog::LINE_BYTES_MAX)));
        assert_eq!(lines[16], (2, "984 more lines were dropped".to_owned()));
        assert!(log.take().is_empty());
    }

    #[test]
    fn bad_addresses_and_control_characters_do_no_harm() {
        let mut log = GuestLog::default();
        log.push(1, b"a\n\x1bb", 0, 4);
        log.push(1, b"abcd", 1, 4);
        log.push(1, b"abcd", -1, -1);
        let lines = log.take();
        assert_eq!(lines[0], (1, "a  b".to_owned()));
        assert_eq!(lines[1].1, "2 more lines were dropped");
    }
}
