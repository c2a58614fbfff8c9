use std::io::Write;

use super::{Report, Tried};
use crate::command::model::words::{layers, memory, profiles};

/// The report for people.
pub(super) fn print(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    writeln!(out, "{}\n", layers(&report.layers))?;
    writeln!(
        out,
        "size       {} bytes; the ONNX file has {}",
        report.bytes, report.onnx_bytes
    )?;
    writeln!(out, "work       {} multiply-accumulates", report.macs)?;
    for tried in &report.tried {
        let taken = if tried.range == report.range {
            " (taken)"
        } else {
            ""
        };
        writeln!(out, "agreement  {}{taken}", agreement(tried))?;
    }
    if let Some(accuracy) = &report.accuracy {
        writeln!(
            out,
            "accuracy   {:.2} % of {} samples; the ONNX model {:.2} %",
            accuracy.int8 * 100.0,
            accuracy.samples,
            accuracy.onnx * 100.0
        )?;
    }
    memory(out, &report.memory)?;
    profiles(out, &report.profiles)?;
    writeln!(out, "written    {}: model {}", report.folder, report.name)
}

fn agreement(tried: &Tried) -> String {
    let agreement = &tried.agreement;
    let top1 = agreement
        .top1
        .map(|share| format!("same answer for {:.2} % of ", share * 100.0));
    format!(
        "{}: {}{} samples; outputs differ by {:.4} at most, {:.5} on average",
        tried.range.name(),
        top1.unwrap_or_default(),
        agreement.samples,
        agreement.error_max,
        agreement.error_mean
    )
}
