//! The end of the demo: do the counts add up?

use std::io::Write;

use serde::Serialize;
use weir_health::Counts;

use super::left_out::LeftOut;
use crate::{exit::Exit, telemetry::Row};

/// What was published, counted inside and seen outside.
pub(super) struct Totals {
    pub(super) rows: Vec<Row>,
    /// Samples that the pumps published.
    pub(super) published: u64,
    /// Of those, the ones that the broker confirmed to them.
    pub(super) confirmed: u64,
    /// Results and rejects that the audience received.
    pub(super) seen: u64,
}

/// The last line of `--json`.
#[derive(Serialize)]
struct Summary<'a> {
    pipelines: Vec<PipelineSummary<'a>>,
    engines_absent: &'a [LeftOut],
    lost: u64,
}

#[derive(Serialize)]
struct PipelineSummary<'a> {
    name: &'a str,
    engine: &'a str,
    accepted: u64,
    results: u64,
    rejects: u64,
    windowed: u64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Messages that have come to an end.
pub(super) const fn settled(counts: &Counts) -> u64 {
    counts.results + counts.rejects + counts.windowed
}

impl Totals {
    /// Messages that the broker confirmed and that came to no end, over all pipelines, and results and rejects that
    /// no subscriber saw.
    fn lost(&self) -> u64 {
        let unsettled = |row: &Row| self.confirmed.saturating_sub(settled(&row.counts));
        let unseen = self
            .rows
            .iter()
            .map(|row| row.counts.results + row.counts.rejects)
            .sum::<u64>();
        self.rows.iter().map(unsettled).sum::<u64>() + unseen.saturating_sub(self.seen)
    }

    /// Prints the totals; what does not add up is a mismatch.
    pub(super) fn print(&self, json: bool, left_out: &[LeftOut]) -> anyhow::Result<Exit> {
        let balanced = self
            .rows
            .iter()
            .all(|row| row.counts.accepted == settled(&row.counts));
        let lost = self.lost();
        let mut out = std::io::stdout().lock();
        if json {
            serde_json::to_writer(&mut out, &self.summary(left_out))?;
            writeln!(out)?;
        } else {
            self.write_words(&mut out, left_out)?;
        }
        Ok(if balanced && lost == 0 {
            Exit::Done
        } else {
            Exit::Mismatch
        })
    }

    fn summary<'a>(&'a self, left_out: &'a [LeftOut]) -> Summary<'a> {
        let pipeline = |row: &'a Row| PipelineSummary {
            name: &row.name,
            engine: &row.engine,
            accepted: row.counts.accepted,
            results: row.counts.results,
            rejects: row.counts.rejects,
            windowed: row.counts.windowed,
            p50_ms: row.latency.p50,
            p99_ms: row.latency.p99,
        };
        Summary {
            pipelines: self.rows.iter().map(pipeline).collect(),
            engines_absent: left_out,
            lost: self.lost(),
        }
    }

    fn write_words(&self, out: &mut impl Write, left_out: &[LeftOut]) -> std::io::Result<()> {
        writeln!(
            out,
            "\nThe pumps published {} samples; the broker confirmed {}.",
            self.published, self.confirmed
        )?;
        for row in &self.rows {
            let Counts {
                accepted,
                results,
                rejects,
                windowed,
            } = row.counts;
            let sign = if accepted == settled(&row.counts) {
                "="
            } else {
                "≠"
            };
            writeln!(
                out,
                "{}: {accepted} accepted {sign} {results} results + {rejects} rejects + {windowed} windowed",
                row.name
            )?;
        }
        writeln!(
            out,
            "A subscriber saw {} results and rejects; lost: {}.",
            self.seen,
            self.lost()
        )?;
        for left in left_out {
            writeln!(out, "{}", left.line())?;
        }
        Ok(())
    }
}
