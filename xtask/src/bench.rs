use std::{os::unix::process::CommandExt, path::PathBuf, process::Command, time::Instant};

use anyhow::{Context, Result, bail};

use crate::{
    guests,
    prepare::{self, Installing, Needs},
    process::{self, say, since},
    tree::Tree,
    worker,
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

/// Builds in release, then becomes the bench. A bench that compares with Python makes its own environment, and only
/// when it is asked to compare.
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
    build(tree)?;
    if name == ALL {
        return all(tree, args);
    }
    let error = command(tree, name, args).exec();
    Err(error).with_context(|| format!("{} cannot be started", tree.shown(&binary(tree, name))))
}

/// A bench that fails does not hide the others.
fn all(tree: &Tree, args: &[String]) -> Result<()> {
    let start = Instant::now();
    let mut failed = Vec::new();
    for name in BENCHES {
        let begun = Instant::now();
        say(&format!("bench {name}"));
        if let Err(error) = process::run(&mut command(tree, name, args), &format!("bench {name}")) {
            say(&format!("{error:#}"));
            failed.push(name);
        }
        say(&format!("bench {name}: {}", since(begun)));
    }
    let json = args.iter().any(|arg| arg == "--json");
    let mut goals = command(tree, GOALS, &[]);
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

fn binary(tree: &Tree, name: &str) -> PathBuf {
    tree.target.join("release").join(format!("bench-{name}"))
}

fn command(tree: &Tree, name: &str, args: &[String]) -> Command {
    let mut command = Command::new(binary(tree, name));
    command
        .args(args)
        .env("PATH", prepare::path_with_sbin())
        .env("WEIR_BIN", tree.weir("release"))
        .env("WEIR_GUESTS", tree.collected_guests());
    command
}

fn build(tree: &Tree) -> Result<()> {
    say("building weir and the benches in release (minutes the first time)");
    process::run(
        process::cargo(&tree.root)
            .args(["build", "--release", "--bins"])
            .args(["--package", "weir", "--package", "weir-tests"])
            .stdout(process::stderr()?),
        "build weir and the benches",
    )?;
    worker::build(tree, &["--release"])
}
