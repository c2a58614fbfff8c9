use std::io::Write;

use weir_pack::{Count, Int8Facts, OnnxFacts, Port};

use super::{Facts, Report};
use crate::command::model::words::{layers, memory, profiles};

/// The report for people.
pub(super) fn print(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    writeln!(out, "file       {}", report.file)?;
    if let Some(model) = &report.model {
        writeln!(out, "model      {model}")?;
    }
    writeln!(
        out,
        "size       {} bytes, SHA-256 {}",
        report.bytes, report.sha256
    )?;
    match &report.facts {
        Facts::Onnx(facts) => onnx(out, facts)?,
        Facts::Int8Network(facts) => int8(out, facts)?,
    }
    if !report.labels.is_empty() {
        writeln!(out, "labels     {}", report.labels.join(", "))?;
    }
    writeln!(out, "guest      {}", report.guest)?;
    profiles(out, &report.profiles)
}

fn onnx(out: &mut impl Write, facts: &OnnxFacts) -> std::io::Result<()> {
    let producer = if facts.producer.is_empty() {
        String::new()
    } else {
        format!(", by {}", facts.producer)
    };
    writeln!(out, "format     onnx, opset {}{producer}", facts.opset)?;
    ports(out, "input", &facts.inputs)?;
    ports(out, "output", &facts.outputs)?;
    writeln!(out, "operators  {}", counts(&facts.operators))?;
    writeln!(out, "weights    {}", facts.parameters)?;
    let work = match (&facts.macs, &facts.unknown_size_at) {
        (Some(macs), _) => format!("{macs} multiply-accumulates"),
        (None, Some(node)) => format!("not known: what {node} gives has no size beforehand"),
        (None, None) => "not known".to_owned(),
    };
    writeln!(out, "work       {work}")?;
    let packing = match &facts.packing_refused {
        None => "can be packed by `weir model pack --int8`".to_owned(),
        Some(fault) => format!("cannot be packed: {fault}"),
    };
    writeln!(out, "int8       {packing}")
}

fn int8(out: &mut impl Write, facts: &Int8Facts) -> std::io::Result<()> {
    writeln!(out, "format     int8-network")?;
    writeln!(out, "input      f32 {:?}", facts.input)?;
    let finish = if facts.softmax { ", probabilities" } else { "" };
    writeln!(out, "output     f32 {:?}{finish}", facts.output)?;
    writeln!(out, "operators  {}", counts(&facts.operators))?;
    writeln!(out, "work       {} multiply-accumulates", facts.macs)?;
    memory(out, &facts.memory)?;
    writeln!(out, "\n{}\n", layers(&facts.layers))
}

fn ports(out: &mut impl Write, side: &str, ports: &[Port]) -> std::io::Result<()> {
    for port in ports {
        let size =
            |size: &Option<u32>| size.map_or_else(|| "varies".to_owned(), |it| it.to_string());
        let dims: Vec<String> = port.dims.iter().map(size).collect();
        writeln!(
            out,
            "{side:<10} {} {} [{}]",
            port.name,
            port.dtype,
            dims.join(", ")
        )?;
    }
    Ok(())
}

fn counts(counts: &[Count]) -> String {
    let words: Vec<String> = counts
        .iter()
        .map(|count| format!("{} × {}", count.count, count.operator))
        .collect();
    words.join(", ")
}
