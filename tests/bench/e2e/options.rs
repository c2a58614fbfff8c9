use std::time::Duration;

use clap::Parser;
use weir_tests::bench::Output;

use crate::contestants::Kind;

/// Measures Weir end to end beside an echo (the limit) and the Python way, on one Mosquitto, at QoS 1.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench e2e", bin_name = "cargo xtask bench e2e")]
pub(crate) struct Options {
    /// Seconds of each measurement (each contestant, each window, each round).
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,

    /// Rounds; the contestants take turns in each.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    rounds: u64,

    /// Three rounds of one second: a look, not a figure to quote.
    #[arg(long, conflicts_with_all = ["seconds", "rounds"])]
    quick: bool,

    /// Measure only these: generator, echo, weir-wasmtime, weir-wasmi, weir-wasmi-int8, python, pipelines-1,
    /// pipelines-64, devices-1, devices-10000.
    #[arg(long, value_delimiter = ',', value_parser = kind)]
    only: Vec<Kind>,

    #[command(flatten)]
    pub(crate) output: Output,
}

impl Options {
    pub(crate) fn measurement(&self) -> Duration {
        Duration::from_secs(if self.quick { 1 } else { self.seconds })
    }

    /// Each measurement runs this long before it counts.
    pub(crate) fn warm_up(&self) -> Duration {
        self.measurement() / 4
    }

    pub(crate) fn rounds(&self) -> u64 {
        if self.quick { 3 } else { self.rounds }
    }

    pub(crate) fn contestants(&self) -> Vec<Kind> {
        let asked = |kind: &Kind| self.only.is_empty() || self.only.contains(kind);
        Kind::ALL.into_iter().filter(asked).collect()
    }
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::ALL
        .into_iter()
        .find(|kind| kind.key() == text)
        .ok_or_else(|| format!("{text} is none of them"))
}
