use std::{
    io::{self, Write},
    time::Instant,
};

use anyhow::Result;
use serde::Serialize;

use super::Suite;
use crate::{dist::Arch, process::spoken};

/// Stands for all where a check is about all architectures.
const ALL: &str = "all";

/// How one scenario ended.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    suite: &'static str,
    architecture: &'static str,
    scenario: &'static str,
    passed: bool,
    seconds: f64,
    /// What was found, or why it failed.
    words: String,
}

impl Outcome {
    pub(super) fn of(
        suite: Suite,
        arch: Arch,
        scenario: &'static str,
        start: Instant,
        found: Result<String>,
    ) -> Self {
        Self {
            suite: suite.name(),
            architecture: arch.name(),
            seconds: start.elapsed().as_secs_f64(),
            ..Self::of_all(scenario, found)
        }
    }

    /// Of a check that compares architectures.
    pub(super) fn of_all(scenario: &'static str, found: Result<String>) -> Self {
        let passed = found.is_ok();
        Self {
            suite: ALL,
            architecture: ALL,
            scenario,
            passed,
            seconds: 0.0,
            words: found.unwrap_or_else(|error| format!("{error:#}")),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        !self.passed
    }

    /// For a person who waits.
    pub(super) fn line(&self) -> String {
        let time = spoken(std::time::Duration::from_secs_f64(self.seconds));
        let verdict = if self.passed { "passed" } else { "FAILED" };
        let words = if self.words.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.words)
        };
        format!(
            "{} {}: {} {verdict}, {time}{words}",
            self.suite, self.architecture, self.scenario
        )
    }
}

/// How all of them ended.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    scenarios: Vec<Outcome>,
}

impl Report {
    pub(super) fn add(&mut self, outcome: Outcome) {
        self.scenarios.push(outcome);
    }

    pub(super) fn failed(&self) -> usize {
        let failed = self.scenarios.iter().filter(|outcome| outcome.has_failed());
        failed.count()
    }

    /// The table on stderr; the JSON object, where it is asked for, on stdout.
    pub(super) fn show(&self, json: bool) -> Result<()> {
        eprintln!("{}", self.table());
        if json {
            let mut out = io::stdout().lock();
            serde_json::to_writer(&mut out, self)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// A row a scenario, a column a root: seconds, or what failed.
    fn table(&self) -> String {
        let (mut roots, mut scenarios) = (Vec::new(), Vec::new());
        for outcome in &self.scenarios {
            let root = (outcome.suite, outcome.architecture);
            if !roots.contains(&root) {
                roots.push(root);
            }
            if !scenarios.contains(&outcome.scenario) {
                scenarios.push(outcome.scenario);
            }
        }
        let mut table = format!("{:<12}", "");
        for (suite, architecture) in &roots {
            table += &format!("{:>16}", format!("{suite} {architecture}"));
        }
        for scenario in scenarios {
            table += &format!("\n{scenario:<12}");
            for root in &roots {
                let cell = self.scenarios.iter().find(|outcome| {
                    outcome.scenario == scenario && (outcome.suite, outcome.architecture) == *root
                });
                table += &format!("{:>16}", cell.map_or_else(|| "–".to_owned(), cell_of));
            }
        }
        table
    }
}

fn cell_of(outcome: &Outcome) -> String {
    if outcome.passed {
        format!("{:.0} s", outcome.seconds)
    } else {
        "FAILED".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_scenario_and_a_column_for_each_root() {
        let mut report = Report::default();
        let start = Instant::now();
        report.add(Outcome::of(
            Suite::Bookworm,
            Arch::Armhf,
            "install",
            start,
            Ok("a".into()),
        ));
        report.add(Outcome::of(
            Suite::Bookworm,
            Arch::Armhf,
            "leave",
            start,
            Err(anyhow!("b")),
        ));
        report.add(Outcome::of(
            Suite::Trixie,
            Arch::Amd64,
            "install",
            start,
            Ok("c".into()),
        ));
        assert_eq!(
            report.table(),
            "              bookworm armhf    trixie amd64\n\
             install                  0 s             0 s\n\
             leave                 FAILED               –"
        );
        assert_eq!(report.failed(), 1);
        assert_eq!(
            report.scenarios[1].line(),
            "bookworm armhf: leave FAILED, 0.0 s (b)"
        );
    }
}
