//! What several commands print.

use std::io::Write;

use comfy_table::{Cell, CellAlignment, Table, presets::NOTHING};
use weir_pack::{Bill, LayerReport};

use super::bill::Row;

/// Where the guest's memory goes.
pub(super) fn memory(out: &mut impl Write, memory: &Bill) -> std::io::Result<()> {
    writeln!(
        out,
        "memory     {} KiB in pages: stack {}, data {}, model {}, activations {}, scratch {}, input {}, output {} bytes",
        memory.memory_bytes / 1_024,
        memory.stack_bytes,
        memory.data_bytes,
        memory.model_bytes,
        memory.activation_bytes,
        memory.scratch_bytes,
        memory.input_bytes,
        memory.output_bytes
    )
}

/// One line for each profile: tried under it, as far as the guest is installed.
pub(super) fn profiles(out: &mut impl Write, rows: &[Row]) -> std::io::Result<()> {
    writeln!(out, "device profiles")?;
    for row in rows {
        let allowed = row.verdict.memory_bytes_max / 1_024;
        let words = if row.verdict.fits() {
            row.measured_bytes.map_or_else(
                || "can run it".to_owned(),
                |bytes| format!("runs it in {} of {allowed} KiB", bytes / 1_024),
            )
        } else {
            format!("cannot run it: {}", row.verdict.why_not.join("; "))
        };
        writeln!(out, "  {:<16} {words}", row.verdict.profile)?;
    }
    Ok(())
}

/// A table with a row for each layer.
pub(super) fn layers(layers: &[LayerReport]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header([
        "layer",
        "operators",
        "input",
        "output",
        "weights",
        "MACs",
    ]);
    for layer in layers {
        let number = |value: String| Cell::new(value).set_alignment(CellAlignment::Right);
        table.add_row([
            Cell::new(&layer.node),
            Cell::new(layer.operators.join(" ")),
            Cell::new(&layer.input),
            Cell::new(&layer.output),
            number(layer.parameters.to_string()),
            number(layer.macs.to_string()),
        ]);
    }
    table
}
