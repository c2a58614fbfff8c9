use std::time::Duration;

use clap::Parser;
use weir_tests::bench::Output;

use crate::engines::Who;

/// Measures the same guests on every engine, natively, and under ONNX Runtime, in one run.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask bench engines",
    bin_name = "cargo xtask bench engines"
)]
pub(crate) struct Options {
    /// Rounds; everybody takes a turn in each.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,

    /// Milliseconds of a turn.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    turn_ms: u64,

    /// Three rounds of 30 ms: a look, not a figure to quote.
    #[arg(long, conflicts_with_all = ["rounds", "turn_ms"])]
    quick: bool,

    /// Measure only these: native, wasmtime, wasmi, wasm3, onnxruntime-int8, onnxruntime-float.
    #[arg(long, value_delimiter = ',', value_parser = who)]
    only: Vec<Who>,

    /// Measure only guests and models with this in their names.
    #[arg(long, value_name = "WORDS")]
    workload: Option<String>,

    /// Do not compare with ONNX Runtime, which needs Python.
    #[arg(long)]
    pub(crate) without_python: bool,

    #[command(flatten)]
    pub(crate) output: Output,

    /// Print the bytes that one instance takes; the bench asks a process of its own for each.
    #[arg(long, hide = true, value_name = "WORKLOAD/ENGINE")]
    pub(crate) memory_of: Option<String>,
}

impl Options {
    pub(crate) fn rounds(&self) -> u16 {
        if self.quick { 3 } else { self.rounds }
    }

    pub(crate) fn asks_for(&self, who: Who) -> bool {
        self.only.is_empty() || self.only.contains(&who)
    }

    pub(crate) fn asks_for_workload(&self, key: &str) -> bool {
        self.workload
            .as_ref()
            .is_none_or(|words| key.contains(words))
    }

    pub(crate) fn turn(&self) -> Duration {
        Duration::from_millis(if self.quick { 30 } else { self.turn_ms })
    }
}

fn who(text: &str) -> Result<Who, String> {
    Who::ALL
        .into_iter()
        .find(|who| who.key() == text)
        .ok_or_else(|| format!("{text} is none of them"))
}
