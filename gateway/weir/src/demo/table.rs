//! The live table: one row for each pipeline.

use std::io::{IsTerminal, Write};

use comfy_table::{Cell, CellAlignment, Table, presets::UTF8_HORIZONTAL_ONLY};

use weir_profile::DeviceId;

use crate::telemetry::Row;

/// Draws over itself in a terminal; elsewhere each drawing follows the last.
pub(super) struct Screen {
    terminal: bool,
    lines: usize,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self {
            terminal: std::io::stdout().is_terminal(),
            lines: 0,
        }
    }

    pub(super) fn draw(&mut self, rows: &[Row], footer: &str) -> std::io::Result<()> {
        let text = format!("{}\n{footer}\n", table(rows));
        let mut out = std::io::stdout().lock();
        if self.terminal && self.lines > 0 {
            write!(out, "\x1b[{}A\x1b[J", self.lines)?;
        }
        self.lines = text.lines().count();
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_header([
        "pipeline",
        "engine",
        "in",
        "results",
        "rejects",
        "windowed",
        "last",
        "p50 ms",
        "p99 ms",
        "guest memory",
    ]);
    for row in rows {
        let number = |value: String| Cell::new(value).set_alignment(CellAlignment::Right);
        table.add_row([
            Cell::new(&row.name),
            Cell::new(&row.engine),
            number(row.counts.accepted.to_string()),
            number(row.counts.results.to_string()),
            number(row.counts.rejects.to_string()),
            number(row.counts.windowed.to_string()),
            Cell::new(last(row)),
            number(format!("{:.3}", row.latency.p50)),
            number(format!("{:.3}", row.latency.p99)),
            number(format!("{} KiB", row.guest_memory_bytes / 1_024)),
        ]);
    }
    table
}

fn last(row: &Row) -> String {
    let Some(last) = &row.last else {
        return "–".to_owned();
    };
    let device = last.device.as_ref().map_or("_", DeviceId::as_str);
    match (&last.label, last.confidence) {
        (Some(label), Some(confidence)) => format!("{device}: {label} {confidence:.2}"),
        (Some(label), None) => format!("{device}: {label}"),
        (None, _) => format!("{device}: not sure"),
    }
}
