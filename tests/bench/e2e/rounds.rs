use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    contestants::{Contestant, Kind, Stage},
    generator::{Generator, Measured},
    machine::cpu_seconds,
    options::Options,
    report::{Figures, Row},
};

/// A contestant has its subscription when this is over, its first compilation of the guest included.
const READY_DEADLINE: Duration = Duration::from_secs(120);

/// A contestant with the load generator that is connected for it.
struct Lane {
    kind: Kind,
    contestant: Contestant,
    generator: Generator,
    row: Row,
}

/// Starts everybody, lets them take turns, and ends them. A contestant that fails keeps a row with the reason.
pub(crate) async fn run(options: &Options, stage: &Stage) -> Vec<Row> {
    let mut lanes = Vec::new();
    let mut failed = Vec::new();
    for kind in options.contestants() {
        eprintln!("starting {} ...", kind.key());
        match start(kind, stage).await {
            Ok(lane) => lanes.push(lane),
            Err(error) => {
                eprintln!("{} does not run: {error:#}", kind.key());
                let failure = Some(format!("{error:#}"));
                failed.push(Row {
                    failure,
                    ..Row::new(kind)
                });
            }
        }
    }
    for round in 0..options.rounds() {
        eprint!("round {} of {}:", round + 1, options.rounds());
        // Nobody is always the first, or always behind the same neighbour's heat.
        if !lanes.is_empty() {
            lanes.rotate_left(1);
        }
        for lane in lanes.iter_mut().filter(|lane| lane.row.failure.is_none()) {
            if let Err(error) = lane.turn(options).await {
                lane.row.failure = Some(format!("{error:#}"));
            }
        }
        eprintln!();
    }
    let mut rows: Vec<Row> = lanes
        .into_iter()
        .map(|lane| lane.row)
        .chain(failed)
        .collect();
    rows.sort_by_key(|row| Kind::ALL.iter().position(|kind| kind.key() == row.key));
    rows
}

async fn start(kind: Kind, stage: &Stage) -> Result<Lane> {
    let mut contestant = kind.start(stage).await?;
    let topics = contestant.topics.clone();
    let mut generator = Generator::connect(stage.port, kind.key(), topics).await?;
    let first = generator.first_result(READY_DEADLINE).await;
    if let (Err(_), Some(process)) = (&first, &mut contestant.process) {
        process.still_runs()?;
    }
    let mut row = Row::new(kind);
    row.answer = answer(&first?);
    Ok(Lane {
        kind,
        contestant,
        generator,
        row,
    })
}

impl Lane {
    async fn turn(&mut self, options: &Options) -> Result<()> {
        for &window in self.kind.windows() {
            let process = self
                .contestant
                .process
                .as_ref()
                .map(weir_tests::Process::id);
            let before = process.and_then(cpu_seconds);
            let measured = self
                .generator
                .measure(window, options.warm_up(), options.measurement())
                .await
                .with_context(|| format!("window {window}"))?;
            let after = process.and_then(cpu_seconds);
            let cpu_seconds = after.zip(before).map(|(after, before)| after - before);
            let figures = figures(&measured, cpu_seconds)?;
            if window > 1 {
                eprint!(" {} {:.0}/s", self.row.key, figures.per_second);
            }
            self.row.figures(window).push(figures);
        }
        Ok(())
    }
}

fn figures(measured: &Measured, cpu_seconds: Option<f64>) -> Result<Figures> {
    let microseconds = |quantile| {
        let value = measured.latency_us.value_at_quantile(quantile);
        u32::try_from(value).map(f64::from)
    };
    let total = f64::from(u32::try_from(measured.total)?);
    Ok(Figures {
        per_second: f64::from(u32::try_from(measured.results)?) / measured.elapsed.as_secs_f64(),
        p50_us: microseconds(0.5)?,
        p99_us: microseconds(0.99)?,
        cpu_us: cpu_seconds.map(|seconds| seconds * 1e6 / total),
    })
}

/// The largest element of a JSON result's first output: Weir's form and the Python gateway's.
fn answer(payload: &[u8]) -> Option<usize> {
    let result: Value = serde_json::from_slice(payload).ok()?;
    let data = result["outputs"][0]["data"].as_array()?;
    let best = data
        .iter()
        .filter_map(Value::as_f64)
        .enumerate()
        .max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.map(|(index, _)| index)
}
