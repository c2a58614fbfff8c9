use std::{path::Path, time::Duration};

use anyhow::{Result, ensure};

use crate::{
    agreement,
    engines::{Engines, Who},
    figures::{Figures, Measure},
    options::Options,
    report::{Absent, Report},
    runner::{self, Runner},
    workload::Workload,
};

/// One contestant at one workload.
struct Lane<'w> {
    workload: &'w Workload,
    who: Who,
    runner: Box<dyn Runner + 'w>,
    /// Calls of one turn.
    calls: u32,
    rounds_us: Vec<f64>,
}

/// Starts everybody, lets them take turns, and compares what they answer.
pub(crate) fn measure(
    engines: &Engines,
    workloads: &[Workload],
    python: Option<&Path>,
    options: &Options,
    report: &mut Report,
) {
    crate::note("starting everybody");
    let mut lanes = Vec::new();
    let mut answers = Vec::new();
    for workload in workloads {
        for who in Who::ALL.into_iter().filter(|who| options.asks_for(*who)) {
            let started = start(who, workload, engines, python, options.turn());
            match started {
                Ok(Some((lane, answer))) => {
                    answers.push(agreement::Answer::of(workload, who, answer));
                    lanes.push(lane);
                }
                Ok(None) => {}
                Err(error) => report.absent.push(Absent {
                    what: format!("{} by {}", workload.key, who.title()),
                    reason: format!("{error:#}"),
                }),
            }
        }
    }
    agreement::judge(workloads, &answers, report);
    for round in 1..=options.rounds() {
        crate::note(&format!("round {round} of {}", options.rounds()));
        // Nobody is always the first, or always behind the same neighbour's heat.
        if !lanes.is_empty() {
            lanes.rotate_left(1);
        }
        for lane in &mut lanes {
            if let Err(error) = lane.turn() {
                report.absent.push(Absent {
                    what: format!(
                        "round {round} of {} by {}",
                        lane.workload.key,
                        lane.who.title()
                    ),
                    reason: format!("{error:#}"),
                });
            }
        }
    }
    lanes.sort_by_key(|lane| {
        let mut keys = workloads.iter().map(|workload| workload.key);
        keys.position(|key| key == lane.workload.key)
    });
    report.figures.extend(lanes.into_iter().map(Lane::figures));
}

/// The lane, warmed up, and what it answers to the first input.
fn start<'w>(
    who: Who,
    workload: &'w Workload,
    engines: &Engines,
    python: Option<&Path>,
    turn: Duration,
) -> Result<Option<(Lane<'w>, Vec<f32>)>> {
    let Some(mut runner) = runner::start(who, workload, engines, python)? else {
        return Ok(None);
    };
    runner.infer(0)?;
    let answer = runner.output()?;
    let calls = calls(runner.as_mut(), workload.inputs.len(), turn)?;
    let lane = Lane {
        workload,
        who,
        runner,
        calls,
        rounds_us: Vec::new(),
    };
    Ok(Some((lane, answer)))
}

/// How many calls fill a turn: doubled until they take a tenth of it.
fn calls(runner: &mut dyn Runner, inputs: usize, turn: Duration) -> Result<u32> {
    let mut calls = 1_u32;
    loop {
        let took = runner.run(calls, inputs)?;
        if took >= turn / 10 || calls >= u32::MAX / 32 {
            let share = turn.as_secs_f64() / took.as_secs_f64().max(1e-9);
            let whole = (f64::from(calls) * share).clamp(1.0, 1e9);
            return Ok(whole_number(whole));
        }
        calls *= 2;
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 1..=1e9 by the caller; std has no checked conversion from f64"
)]
fn whole_number(value: f64) -> u32 {
    value as u32
}

impl Lane<'_> {
    fn turn(&mut self) -> Result<()> {
        let took = self.runner.run(self.calls, self.workload.inputs.len())?;
        ensure!(!took.is_zero(), "the clock stands still");
        self.rounds_us
            .push(took.as_secs_f64() * 1e6 / f64::from(self.calls));
        Ok(())
    }

    fn figures(self) -> Figures {
        Figures {
            measure: Measure::Predict,
            workload: self.workload.key,
            who: self.who,
            rounds: self.rounds_us,
        }
    }
}
