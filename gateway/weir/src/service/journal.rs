//! The journal: each line begins with its level, as sd-daemon(3) has it, so that `journalctl -p warning` works.

use std::{
    env, io,
    io::{IsTerminal, Write},
    sync::OnceLock,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Starts the log, on standard error.
pub(crate) fn start(filter: &str) -> anyhow::Result<()> {
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter)?)
        .with_target(false);
    match is_stderr() {
        // The journal notes time and level itself.
        true => log
            .without_time()
            .with_level(false)
            .with_ansi(false)
            .with_writer(Journal)
            .init(),
        false => log
            .with_ansi(io::stderr().is_terminal())
            .with_writer(io::stderr)
            .init(),
    }
    Ok(())
}

/// Says something that is no line of the log, on standard error: findings, and why the program ends.
pub(crate) fn say(level: Level, words: &str) {
    match is_stderr() {
        true => io::stderr()
            .write_all(&prefixed(level, format!("{words}\n").as_bytes()))
            .unwrap_or_default(),
        false => eprintln!("{words}"),
    }
}

/// Whether standard error is the journal: `JOURNAL_STREAM` names its device and inode. A child whose standard error is
/// something else inherits the variable all the same.
fn is_stderr() -> bool {
    static IS_STDERR: OnceLock<bool> = OnceLock::new();
    *IS_STDERR.get_or_init(|| {
        let stream = env::var("JOURNAL_STREAM").ok();
        let found = rustix::fs::fstat(io::stderr()).ok();
        let found = found.map(|file| format!("{}:{}", file.st_dev, file.st_ino));
        found.is_some() && found == stream
    })
}

struct Journal;

/// Writes lines of one level.
struct Lines(Level);

impl MakeWriter<'_> for Journal {
    type Writer = Lines;

    fn make_writer(&self) -> Lines {
        Lines(Level::INFO)
    }

    fn make_writer_for(&self, metadata: &Metadata<'_>) -> Lines {
        Lines(*metadata.level())
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(&prefixed(self.0, bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn prefixed(level: Level, bytes: &[u8]) -> Vec<u8> {
    let priority = match level {
        Level::ERROR => '3',
        Level::WARN => '4',
        Level::INFO => '6',
        _ => '7',
    };
    let prefix = format!("<{priority}>");
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.fold(Vec::with_capacity(bytes.len() + 3), |mut text, line| {
        text.extend_from_slice(prefix.as_bytes());
        text.extend_from_slice(line);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_level() {
        let text = |level, words: &str| String::from_utf8(prefixed(level, words.as_bytes()));
        assert_eq!(text(Level::ERROR, "a\nb\n").unwrap(), "<3>a\n<3>b\n");
        assert_eq!(text(Level::WARN, "a").unwrap(), "<4>a");
        assert_eq!(text(Level::INFO, "a\n").unwrap(), "<6>a\n");
        assert_eq!(text(Level::TRACE, "a\n").unwrap(), "<7>a\n");
    }
}
