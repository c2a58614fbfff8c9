use std::time::Duration;

use crate::{
    contestant::Who,
    runner::{Runner, Turn},
};

/// Everybody takes a turn in every round, in another order each time: a noisy neighbour meets all of them.
pub(crate) struct Rounds {
    count: u16,
    turn: Duration,
    entries: Vec<(Who, Box<dyn Runner>, Vec<Turn>)>,
}

/// What somebody did.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) who: Who,
    /// One for each round.
    pub(crate) turns: Vec<Turn>,
}

impl Rounds {
    pub(crate) const fn new(count: u16, turn: Duration) -> Self {
        Self {
            count,
            turn,
            entries: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, who: Who, runner: Box<dyn Runner>) {
        self.entries.push((who, runner, Vec::new()));
    }

    /// Who fails in a turn is left out. The first turn, which warms up, does not count.
    pub(crate) fn run(mut self) -> Vec<Measured> {
        for round in 0..=self.count {
            self.entries.retain_mut(|(who, runner, turns)| {
                let turn = if round == 0 { self.turn / 4 } else { self.turn };
                match runner.turn(turn) {
                    Ok(_) if round == 0 => true,
                    Ok(turn) => {
                        turns.push(turn);
                        true
                    }
                    Err(error) => {
                        eprintln!("{} failed: {error:#}", who.title());
                        false
                    }
                }
            });
            if round % 2 == 0 {
                self.entries.reverse();
            } else if !self.entries.is_empty() {
                self.entries.rotate_left(1);
            }
        }
        let measured = self.entries.into_iter();
        measured
            .map(|(who, _, turns)| Measured { who, turns })
            .collect()
    }
}
