//! The bench of allocations: what a message asks of the allocator on its way through a node, stage by stage.
//!
//! A count is not a time: it is the same on every machine, busy or not. The client of MQTT is not part of it.

mod counter;
mod payload;
mod route;

use anyhow::Result;
use clap::Parser;
use weir_engine::Engine;
use weir_engine_wasmi::WasmiEngine;
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};
use weir_tests::bench::{Machine, Output, Row, Spread, rows_table};

use self::{
    counter::{Counting, Tally},
    payload::Codec,
    route::{Route, Stages},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The bench's name in the figures.
const BENCH: &str = "allocations";
/// Results that wait to be sent while others are written.
const WAITING: usize = 64;
const FORMATS: [&str; 3] = ["json", "cbor", "postcard"];

/// Counts the allocations of a message on its way through a node, stage by stage.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask bench allocations",
    bin_name = "cargo xtask bench allocations"
)]
struct Options {
    /// Messages that are counted, after as many that bring every buffer to its size.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1000..))]
    messages: u32,

    /// A thousand messages: the counts are the same.
    #[arg(long, conflicts_with = "messages")]
    quick: bool,

    #[command(flatten)]
    output: Output,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let messages = if options.quick {
        1000
    } else {
        options.messages
    };
    let cache = CacheDir::at(weir_tests::target_folder()?.join("bench/compiled-guests"));
    let engines: [&dyn Engine; 2] = [&WasmiEngine, &WasmtimeEngine::new(cache)?];
    let mut rows = Vec::new();
    for codec in Codec::ALL {
        for format in FORMATS {
            let mut route = Route::open(engines[0], codec, format)?;
            let stages = count(&mut route, messages)?;
            let name = format!("{}/{format}", codec.key());
            rows.extend(stage_rows(&name, &stages, messages));
            let thread = route.thread(usize::try_from(messages)?)?;
            rows.extend(row(&format!("thread/{name}"), thread, messages));
        }
    }
    let mut compiled = Route::open(engines[1], Codec::Raw, FORMATS[0])?;
    let stages = count(&mut compiled, messages)?;
    rows.extend(row("guest-wasmtime/raw/json", stages.guest, messages));
    let tables = rows_table(&rows);
    options.output.publish(BENCH, &rows, &tables)?;
    options
        .output
        .document(BENCH, || section(&Machine::look(), &tables))
}

/// The messages' counts together, some of what leaves always waiting to be sent.
fn count(route: &mut Route, messages: u32) -> Result<Stages> {
    let mut waiting = std::collections::VecDeque::with_capacity(WAITING + 1);
    let mut sum = Stages::default();
    for number in 0..2 * messages {
        let (stages, leaving) = route.message()?;
        waiting.push_back(leaving);
        if waiting.len() > WAITING {
            waiting.pop_front();
        }
        if number >= messages {
            sum = Stages {
                accept: sum.accept + stages.accept,
                decode: sum.decode + stages.decode,
                guest: sum.guest + stages.guest,
                result: sum.result + stages.result,
            };
        }
    }
    Ok(sum)
}

fn stage_rows(name: &str, stages: &Stages, messages: u32) -> Vec<Row> {
    let figures = [
        ("accept", stages.accept),
        ("decode", stages.decode),
        ("guest", stages.guest),
        ("result", stages.result),
        ("after-decode", stages.after_decode()),
    ];
    let rows = figures.map(|(stage, tally)| row(&format!("{stage}/{name}"), tally, messages));
    rows.into_iter().flatten().collect()
}

/// Allocations and bytes of one message.
fn row(measure: &str, tally: Tally, messages: u32) -> Option<Row> {
    let each = f64::from(u32::try_from(tally.allocations).ok()?) / f64::from(messages);
    Some(Row::of(
        BENCH,
        measure,
        "1/message",
        Spread::of(vec![each])?,
    ))
}

const METHOD: &str = include_str!("method.md");

fn section(machine: &Machine, tables: &str) -> String {
    METHOD
        .replace("{machine}", &machine.to_string())
        .replace("{table}", tables.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message that is decoded asks nothing more of the allocator: guest, result and topic live in memory that is
    /// used again, while as many results as the broker lets be in flight wait to be sent.
    #[test]
    fn nothing_is_allocated_behind_the_decoder() {
        for codec in Codec::ALL {
            for format in FORMATS {
                let mut route = Route::open(&WasmiEngine, codec, format).unwrap();
                let stages = count(&mut route, 1000).unwrap();
                let name = format!("{} → {format}", codec.key());
                assert_eq!(stages.guest, Tally::default(), "guest of {name}");
                assert_eq!(stages.result, Tally::default(), "result of {name}");
                assert_eq!(stages.decode, Tally::default(), "decoding of {name}");
            }
        }
    }

    #[test]
    fn a_guests_thread_allocates_nothing_between_messages() {
        for codec in Codec::ALL {
            let route = Route::open(&WasmiEngine, codec, "json").unwrap();
            let asked = route.thread(1000).unwrap();
            assert_eq!(asked, Tally::default(), "{}", codec.key());
        }
    }

    /// The counter counts: accepting a message takes its device's name and its ticket.
    #[test]
    fn an_accepted_message_is_counted() {
        let mut route = Route::open(&WasmiEngine, Codec::Raw, "json").unwrap();
        let (stages, _) = route.message().unwrap();
        assert!(stages.accept.allocations > 0);
        assert!(stages.accept.bytes > 0);
    }
}
