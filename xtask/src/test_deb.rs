//! The life of the package `weir` in Debian roots of its own: install, run, upgrade, leave.
//!
//! Each scenario is a script of `packaging/test` that runs in a root made for it, in namespaces of its own
//! (`namespaces`): nothing of it reaches this machine, and nothing is left when it ends, however it ends. Roots of
//! other architectures run under qemu, registered in those namespaces alone.

mod cgroup;
mod findings;
mod host_apt;
mod namespaces;
mod packages;
mod report;
mod repository;
mod roots;
mod scenario;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::{
    deb::{self, DebArgs},
    dist::Arch,
    prepare::{self, Installing, Needs},
    process::{say, since},
    tree::Tree,
};
use findings::Golden;
use report::{Outcome, Report};
use roots::Root;
use scenario::{From, SCENARIOS, Scenario};

/// A version of Debian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

impl Suite {
    fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }
}

/// What is asked of `cargo xtask test-deb`.
#[derive(Debug, clap::Args)]
pub(crate) struct TestDebArgs {
    /// An architecture; several may be named. Without one: all three.
    #[arg(long, value_enum)]
    arch: Vec<Arch>,

    /// A version of Debian; several may be named. Without one: bookworm, and trixie for this machine's architecture.
    #[arg(long, value_enum)]
    suite: Vec<Suite>,

    /// Test the packages of this folder instead of building them.
    #[arg(long, value_name = "FOLDER")]
    deb_dir: Option<PathBuf>,

    /// Test the packages that are in target/deb.
    #[arg(long, conflicts_with = "deb_dir")]
    no_build: bool,

    /// Only this scenario (and the install that others begin with); several may be named.
    #[arg(long, value_name = "SCENARIO", value_parser = scenario::names())]
    only: Vec<String>,

    /// Print one JSON object in a line and nothing else on standard output.
    #[arg(long)]
    json: bool,
}

impl TestDebArgs {
    /// Which roots are made.
    fn places(&self) -> Vec<(Suite, Arch)> {
        let arches = if self.arch.is_empty() {
            Arch::ALL.to_vec()
        } else {
            self.arch.clone()
        };
        if !self.suite.is_empty() {
            let on = |suite: Suite| arches.iter().map(move |arch| (suite, *arch));
            return self.suite.iter().copied().flat_map(on).collect();
        }
        let mut places = Vec::new();
        for arch in arches {
            places.push((Suite::Bookworm, arch));
            if arch.cross().is_native() {
                places.push((Suite::Trixie, arch));
            }
        }
        places
    }

    fn wants(&self, scenario: &Scenario) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == scenario.name)
    }
}

/// `cargo xtask test-deb`.
///
/// # Errors
/// Fails where a scenario fails, or where this machine cannot make the namespaces; it says in one line why.
pub(crate) fn test_deb(tree: &Tree, installing: Installing, args: &TestDebArgs) -> Result<()> {
    let start = Instant::now();
    prepare::prepare(&Needs::TEST_DEB, installing)?;
    let roots = tree.target.join("roots");
    fs::create_dir_all(&roots)?;
    let lock = File::create(roots.join("lock"))?;
    lock.lock().context("failed to wait for another test-deb")?;
    namespaces::can_be_made(&roots)?;
    let places = args.places();
    let folder = packages_folder(tree, installing, args, &places)?;

    let mut report = Report::default();
    let mut golden = Golden::default();
    for (suite, arch) in places {
        let place = Place {
            tree,
            args,
            roots: &roots,
            suite,
            arch,
        };
        place.test(&folder, &mut golden, &mut report)?;
    }
    if let Some(outcome) = golden.outcome() {
        say(&outcome.line());
        report.add(outcome);
    }
    report.show(args.json)?;
    say(&format!("test-deb: {}", since(start)));
    ensure!(
        report.failed() == 0,
        "{} scenarios failed (see above)",
        report.failed()
    );
    Ok(())
}

fn packages_folder(
    tree: &Tree,
    installing: Installing,
    args: &TestDebArgs,
    places: &[(Suite, Arch)],
) -> Result<PathBuf> {
    if let Some(folder) = &args.deb_dir {
        return Ok(folder.clone());
    }
    let folder = tree.target.join("deb");
    if !args.no_build {
        let mut arches: Vec<Arch> = places.iter().map(|(_, arch)| *arch).collect();
        arches.dedup();
        deb::deb(tree, installing, &DebArgs::of(arches))?;
    }
    Ok(folder)
}

/// One version of Debian on one architecture.
struct Place<'a> {
    tree: &'a Tree,
    args: &'a TestDebArgs,
    roots: &'a Path,
    suite: Suite,
    arch: Arch,
}

impl Place<'_> {
    fn words(&self) -> String {
        format!("{} {}", self.suite.name(), self.arch.name())
    }

    fn test(&self, folder: &Path, golden: &mut Golden, report: &mut Report) -> Result<()> {
        let root = Root::new(self.tree, self.roots, self.suite, self.arch)?;
        packages::gather(self.tree, folder, self.arch, &root.packages())?;
        repository::make(self.arch, &root.packages())?;
        packages::add_first_boot(self.tree, &root.packages())?;
        root.make_ready()
            .with_context(|| format!("{}: no root to test in", self.words()))?;
        let installs = SCENARIOS
            .iter()
            .any(|scenario| self.args.wants(scenario) && scenario.from == From::Installed);
        for scenario in &SCENARIOS {
            let keeps = scenario.keeps && installs;
            if !(self.args.wants(scenario) || keeps) || !scenario.is_for(self.arch) {
                continue;
            }
            let start = Instant::now();
            let found = root
                .run(scenario, keeps)
                .and_then(|out| findings::read(&out, scenario, self.arch, golden));
            let outcome = Outcome::of(self.suite, self.arch, scenario.name, start, found);
            say(&outcome.line());
            if outcome.has_failed() {
                root.show_end_of_log(scenario);
            }
            report.add(outcome);
        }
        root.forget();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: TestDebArgs,
    }

    fn places(line: &[&str]) -> Vec<(&'static str, Arch)> {
        let line = Line::parse_from([&["test-deb"], line].concat());
        let places = line.args.places().into_iter();
        places.map(|(suite, arch)| (suite.name(), arch)).collect()
    }

    #[test]
    fn every_architecture_is_tested_and_this_machines_on_two_debians() {
        let places = places(&[]);
        for arch in Arch::ALL {
            assert!(places.contains(&("bookworm", arch)), "{arch:?}");
            let newer = places.contains(&("trixie", arch));
            assert_eq!(newer, arch.cross().is_native(), "{arch:?}");
        }
    }

    #[test]
    fn what_is_named_is_tested_and_nothing_else() {
        assert_eq!(
            places(&["--arch", "armhf", "--suite", "trixie"]),
            [("trixie", Arch::Armhf)]
        );
    }
}
