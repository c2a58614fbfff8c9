use std::time::Duration;

use clap::Parser;
use weir_tests::bench::Output;

/// Measures networks natively, under ONNX Runtime, through guest `nn` and in the sandbox, in one run.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench nn", bin_name = "cargo xtask bench nn")]
pub(crate) struct Options {
    /// Rounds; everybody takes a turn in each.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,

    /// Milliseconds of a turn.
    #[arg(long, default_value_t = 350, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    turn_ms: u64,

    /// Three rounds of 60 ms: a look, not a figure to quote.
    #[arg(long, conflicts_with_all = ["rounds", "turn_ms"])]
    quick: bool,

    /// Measure only networks with these words in their names.
    #[arg(long, value_name = "WORDS")]
    network: Option<String>,

    /// Measure only those with these words in their names, such as `tract`.
    #[arg(long, value_name = "WORDS")]
    contestant: Option<String>,

    #[command(flatten)]
    pub(crate) output: Output,
}

impl Options {
    pub(crate) fn rounds(&self) -> u16 {
        if self.quick { 3 } else { self.rounds }
    }

    pub(crate) fn turn(&self) -> Duration {
        Duration::from_millis(if self.quick { 60 } else { self.turn_ms })
    }

    pub(crate) fn asks_for_network(&self, key: &str) -> bool {
        asks_for(self.network.as_deref(), key)
    }

    pub(crate) fn asks_for(&self, key: &str) -> bool {
        asks_for(self.contestant.as_deref(), key)
    }
}

fn asks_for(words: Option<&str>, key: &str) -> bool {
    words.is_none_or(|words| key.contains(words))
}
