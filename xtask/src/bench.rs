use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    guests,
    prepare::{self, Installing, Needs},
    process::{self, say},
    tree::Tree,
};

/// Builds in release, makes the Python environment that the bench compares with, then becomes the bench.
pub(crate) fn bench(
    tree: &Tree,
    installing: Installing,
    name: &str,
    args: &[String],
) -> Result<()> {
    let requirements = tree.root.join("tests/bench/requirements.txt");
    let python = requirements.exists();
    let needs = if python { Needs::BENCH } else { Needs::BROKER };
    prepare::prepare(&needs, installing)?;
    guests::build(tree)?;
    build(tree)?;
    let binary = tree.target.join("release").join(format!("bench-{name}"));
    let mut command = Command::new(&binary);
    command
        .args(args)
        .env("PATH", prepare::path_with_sbin())
        .env("WEIR_BIN", tree.weir("release"))
        .env("WEIR_GUESTS", tree.collected_guests());
    if python {
        command.env(
            "WEIR_BENCH_PYTHON",
            python_environment(tree, &requirements)?,
        );
    }
    let error = command.exec();
    Err(error).with_context(|| {
        format!(
            "{} cannot be started: is there a bench named {name}?",
            tree.shown(&binary)
        )
    })
}

fn build(tree: &Tree) -> Result<()> {
    say("building weir and the benches in release (minutes the first time)");
    process::run(
        process::cargo(&tree.root)
            .args(["build", "--release", "--bins"])
            .args(["--package", "weir", "--package", "weir-tests"])
            .stdout(process::stderr()?),
        "build weir and the benches",
    )
}

/// A virtual environment with the bench's requirements, made again only when those change.
fn python_environment(tree: &Tree, requirements: &Path) -> Result<PathBuf> {
    let environment = tree.target.join("bench-venv");
    let python = environment.join("bin").join("python");
    let stamp = environment.join("requirements.txt");
    let asked = fs::read(requirements)?;
    if python.exists() && fs::read(&stamp).is_ok_and(|installed| installed == asked) {
        return Ok(python);
    }
    say(&format!("python environment: {}", tree.shown(&environment)));
    process::run(
        Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment)
            .stdout(process::stderr()?),
        "make the Python environment",
    )?;
    process::run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .arg("--requirement")
            .arg(requirements)
            .stdout(process::stderr()?),
        "install the bench's requirements",
    )?;
    fs::write(&stamp, asked)?;
    Ok(python)
}
