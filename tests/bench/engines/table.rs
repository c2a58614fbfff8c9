use weir_engine::EngineKind;
use weir_tests::bench::{Spread, goals_list};

use crate::{
    engines::{Engines, Who},
    figures::Measure,
    report::Report,
};

const WASMTIME: Who = Who::Engine(EngineKind::Wasmtime);
const NONE: &str = "–";

/// Every table and the goals, in markdown.
pub(crate) fn tables(report: &Report) -> String {
    let mut text = format!("{}\n{}\n", predictions(report), costs(report));
    text.push_str(&goals_list(&report.rows()));
    for absent in &report.absent {
        let reason = absent.reason.lines().next().unwrap_or_default();
        text.push_str(&format!("- without figures: {}: {reason}\n", absent.what));
    }
    text
}

/// The time of one inference, and how many times the reference's it is: the native one's, else Wasmtime's.
pub(crate) fn predictions(report: &Report) -> String {
    let mut text = "| guest + model |".to_owned();
    for who in Who::ALL {
        text.push_str(&format!(" {} |", who.title()));
    }
    text.push_str(" wasm3 without its worker |\n| --- |");
    text.push_str(&" ---: |".repeat(Who::ALL.len() + 1));
    text.push('\n');
    for workload in report.workloads(Measure::Predict) {
        let of = |who| report.spread(Measure::Predict, workload, who);
        let (reference, reference_is) = match of(Who::Native) {
            Some(native) => (Some(native), Who::Native),
            None => (of(WASMTIME), WASMTIME),
        };
        text.push_str(&format!("| {workload} |"));
        for who in Who::ALL {
            let cell = of(who).map_or_else(
                || NONE.to_owned(),
                |spread| against(spread, reference.filter(|_| who != reference_is)),
            );
            text.push_str(&format!(" {cell} |"));
        }
        let alone = without_worker(report, workload).map_or_else(|| NONE.to_owned(), microseconds);
        text.push_str(&format!(" {alone} |\n"));
    }
    text
}

/// What wasm3 takes where the way to the worker and back, the empty guest's time, is taken off.
fn without_worker(report: &Report, workload: &str) -> Option<f64> {
    let wasm3 = Who::Engine(EngineKind::Wasm3);
    let of = |workload| Some(report.spread(Measure::Predict, workload, wasm3)?.median);
    let (empty, whole) = (of("empty")?, of(workload)?);
    (workload != "empty").then_some((whole - empty).max(0.0))
}

fn against(spread: Spread, reference: Option<Spread>) -> String {
    let time = microseconds(spread.median);
    match reference {
        Some(reference) => format!("{time} ({:.1} ×)", spread.median / reference.median),
        None => time,
    }
}

/// What it costs to have a guest: time to open it, and memory.
pub(crate) fn costs(report: &Report) -> String {
    let mut text = "| guest + model |".to_owned();
    for kind in Engines::KINDS {
        text.push_str(&format!(" open: {} |", Who::Engine(kind).title()));
    }
    text.push_str(" Wasmtime compiles |");
    for kind in Engines::KINDS {
        text.push_str(&format!(" memory: {} |", Who::Engine(kind).title()));
    }
    text.push_str("\n| --- |");
    text.push_str(&" ---: |".repeat(2 * Engines::KINDS.len() + 1));
    text.push('\n');
    for workload in report.workloads(Measure::Open) {
        let cell = |measure, kind, words: fn(f64) -> String| {
            let spread = report.spread(measure, workload, Who::Engine(kind));
            spread.map_or_else(|| NONE.to_owned(), |spread| words(spread.median))
        };
        let mut cells = Vec::new();
        cells.extend(Engines::KINDS.map(|kind| cell(Measure::Open, kind, milliseconds)));
        cells.push(cell(Measure::OpenFirst, EngineKind::Wasmtime, milliseconds));
        cells.extend(Engines::KINDS.map(|kind| cell(Measure::Memory, kind, kibibytes)));
        text.push_str(&format!("| {workload} | {} |\n", cells.join(" | ")));
    }
    text
}

fn microseconds(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2} µs"),
        value if value < 100.0 => format!("{value:.1} µs"),
        value if value < 10_000.0 => format!("{value:.0} µs"),
        value => format!("{:.1} ms", value / 1e3),
    }
}

fn milliseconds(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2} ms"),
        value if value < 10_000.0 => format!("{value:.0} ms"),
        value => format!("{:.1} s", value / 1e3),
    }
}

fn kibibytes(value: f64) -> String {
    match value {
        value if value < 10_240.0 => format!("{value:.0} KiB"),
        value => format!("{:.1} MiB", value / 1024.0),
    }
}
