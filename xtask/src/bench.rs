use std::{os::unix::process::CommandExt, path::PathBuf, process::Command, time::Instant};

use anyhow::{Context, Result, bail};

use crate::{
    dist::{self, Arch, Programs},
    guests,
    prepare::{self, Installing, Needs},
    process::{self, say, since},
    tree::Tree,
};

/// Every bench, in the order in which `all` runs them. Each is the binary `bench-<name>` of the package `weir-tests`.
const BENCHES: [&str; 6] = [
    "e2e",
    "engines",
    "coldstart",
    "nn",
    "footprint",
    "allocations",
];

/// All of them, one after the other, and then the table of the project's goals.
const ALL: &str = "all";
/// The table of the project's goals, from what the benches measured last.
const GOALS: &str = "goals";

/// Builds what packages carry and the benches, then becomes the bench. A bench that compares with Python makes its own
/// environment, and only when it is asked to compare.
pub(crate) fn bench(
    tree: &Tree,
    installing: Installing,
    name: &str,
    args: &[String],
) -> Result<()> {
    if ![ALL, GOALS].contains(&name) && !BENCHES.contains(&name) {
        bail!(
            "there is no bench named {name}: {}, {GOALS} or {ALL}",
            BENCHES.join(", ")
        );
    }
    prepare::prepare(&Needs::BENCH, installing)?;
    guests::build(tree)?;
    let benches = Benches::build(tree)?;
    if name == ALL {
        return benches.all(args);
    }
    let binary = tree.shown(&benches.binary(name));
    let error = benches.command(name, args).exec();
    Err(error).with_context(|| format!("{binary} cannot be started"))
}

/// The benches, and what they measure.
struct Benches<'a> {
    tree: &'a Tree,
    /// Those that packages carry.
    programs: Programs,
}

impl<'a> Benches<'a> {
    fn build(tree: &'a Tree) -> Result<Self> {
        let programs = dist::build(tree, Arch::of_this_machine()?)?;
        say("building the benches in release (minutes the first time)");
        process::run(
            process::cargo(&tree.root)
                .args(["build", "--release", "--bins", "--package", "weir-tests"])
                .stdout(process::stderr()?),
            "build the benches",
        )?;
        Ok(Self { tree, programs })
    }

    /// A bench that fails does not hide the others.
    fn all(&self, args: &[String]) -> Result<()> {
        let start = Instant::now();
        let mut failed = Vec::new();
        for name in BENCHES {
            let begun = Instant::now();
            say(&format!("bench {name}"));
            if let Err(error) =
                process::run(&mut self.command(name, args), &format!("bench {name}"))
            {
                say(&format!("{error:#}"));
                failed.push(name);
            }
            say(&format!("bench {name}: {}", since(begun)));
        }
        let json = args.iter().any(|arg| arg == "--json");
        let mut goals = self.command(GOALS, &[]);
        goals.args(args.iter().filter(|arg| *arg == "--write-docs"));
        if json {
            goals.stdout(process::stderr()?);
        }
        process::run(&mut goals, "show the goals")?;
        say(&format!("all benches: {}", since(start)));
        if !failed.is_empty() {
            bail!("without all figures: {}", failed.join(", "));
        }
        Ok(())
    }

    fn binary(&self, name: &str) -> PathBuf {
        let folder = self.tree.target.join("release");
        folder.join(format!("bench-{name}"))
    }

    fn command(&self, name: &str, args: &[String]) -> Command {
        let mut command = Command::new(self.binary(name));
        command
            .args(args)
            .env("PATH", prepare::path_with_sbin())
            .env("WEIR_BIN", &self.programs.weir)
            .env("WEIR_GUESTS", self.tree.collected_guests());
        command
    }
}
