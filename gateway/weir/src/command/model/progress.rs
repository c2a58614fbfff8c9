use std::io::IsTerminal;

use weir_pack::Progress;

/// One line on standard error that is drawn over; nothing where nobody looks.
pub(super) struct Line {
    terminal: bool,
    shown: String,
}

impl Line {
    pub(super) fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            shown: String::new(),
        }
    }

    /// How far packing is.
    pub(super) fn packing(&mut self, progress: Progress) {
        match progress {
            Progress::Calibrated { done, count } => self.show("calibrating", done, count),
            Progress::Compared { range, done, count } => {
                self.show(&format!("comparing ({})", range.name()), done, count);
            }
            _ => {}
        }
    }

    /// Draws anew each time that the percentage changes.
    pub(super) fn show(&mut self, what: &str, done: usize, count: usize) {
        if !self.terminal {
            return;
        }
        let percent = done.saturating_mul(100) / count.max(1);
        let line = format!("{what}: {percent} % of {count}");
        if line != self.shown {
            eprint!("\r\x1b[K{line}");
            self.shown = line;
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.shown.is_empty() {
            eprint!("\r\x1b[K");
        }
    }
}
