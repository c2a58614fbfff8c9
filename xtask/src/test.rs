use std::{process::Command, time::Instant};

use anyhow::{Result, bail};

use crate::{
    firmware, guests,
    prepare::{self, Installing, Needs},
    process::{self, say, since},
    tree::Tree,
};

/// Runs every test, or those whose names contain `filter`. A suite that fails does not hide the others.
pub(crate) fn test(tree: &Tree, installing: Installing, filter: Option<&str>) -> Result<()> {
    let start = Instant::now();
    prepare::prepare(&Needs::TEST, installing)?;
    guests::build(tree)?;
    firmware::build(tree)?;
    say("building the workspace and its tests");
    // One build for everything that follows: the binary that the system tests start has the same features.
    process::run(
        process::cargo(&tree.root)
            .args(["build", "--workspace", "--all-targets"])
            .stdout(process::stderr()?),
        "build the workspace",
    )?;
    let mut failed = Vec::new();
    for (name, mut command) in suites(tree, filter)? {
        say(&format!("testing {name}"));
        if let Err(error) = process::run(&mut command, &format!("pass {name}")) {
            say(&format!("{error:#}"));
            failed.push(name);
        }
    }
    conclude(&failed, &since(start))
}

/// The workspace comes last, so that its summary is what a reader sees.
fn suites(tree: &Tree, filter: Option<&str>) -> Result<Vec<(&'static str, Command)>> {
    let mut suites = vec![
        ("the guests' own tests", guests_tests(tree, filter)),
        ("the firmware's own tests", firmware::tests(tree, filter)),
    ];
    if filter.is_none() {
        let mut documentation = process::cargo(&tree.root);
        documentation.args(["test", "--doc", "--workspace", "--quiet"]);
        suites.push(("the documentation", documentation));
    }
    suites.push(("the workspace", workspace_tests(tree, filter)?));
    Ok(suites)
}

fn guests_tests(tree: &Tree, filter: Option<&str>) -> Command {
    let mut cargo = process::guests_cargo(&tree.guests());
    cargo
        .args(["test", "--quiet", "--target-dir"])
        .arg(tree.guests_target());
    for package in guests::TESTED_NATIVELY {
        cargo.args(["--package", package]);
    }
    cargo.args(filter);
    cargo
}

fn workspace_tests(tree: &Tree, filter: Option<&str>) -> Result<Command> {
    let mut cargo = process::cargo(&tree.root);
    if process::succeeds(process::cargo(&tree.root).args(["nextest", "--version"])) {
        // nextest reports on stderr; here the report is the product.
        cargo
            .args(["nextest", "run", "--workspace", "--no-fail-fast"])
            .stderr(process::stdout()?);
    } else {
        cargo.args(["test", "--workspace", "--all-targets", "--no-fail-fast"]);
    }
    cargo
        .args(filter)
        .env("PATH", prepare::path_with_sbin())
        .env("WEIR_BIN", tree.weir())
        .env("WEIR_GUESTS", tree.collected_guests());
    Ok(cargo)
}

#[expect(
    clippy::print_stdout,
    reason = "the verdict belongs with the reports above it"
)]
fn conclude(failed: &[&str], time: &str) -> Result<()> {
    if failed.is_empty() {
        println!("xtask test: all passed in {time}");
        return Ok(());
    }
    println!("xtask test: FAILED in {time}: {}", failed.join(", "));
    bail!("{} of the suites failed", failed.len())
}
