use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

/// The Python of the benches: `WEIR_BENCH_PYTHON`, else an environment below the target folder, made where it is missing.
///
/// # Errors
/// Fails where Python is missing, or `tests/bench/requirements.txt` cannot be installed.
pub fn python(target: &Path) -> Result<PathBuf> {
    if let Some(python) = env::var_os("WEIR_BENCH_PYTHON") {
        return Ok(python.into());
    }
    let environment = target.join("bench-venv");
    let python = environment.join("bin").join("python");
    let requirements = crate::repository().join("tests/bench/requirements.txt");
    let stamp = environment.join("requirements.txt");
    let asked = fs::read(&requirements)?;
    if python.is_file() && fs::read(&stamp).is_ok_and(|installed| installed == asked) {
        return Ok(python);
    }
    eprintln!("making the Python environment (downloads about 70 MB) ...");
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&environment);
    run(make, "make a Python environment", &environment)?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--requirement"]);
    install.arg(&requirements);
    run(install, "install what the benches need", &environment)?;
    fs::write(&stamp, asked)?;
    Ok(python)
}

fn run(mut command: Command, what: &str, environment: &Path) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("failed to {what}"))?;
    ensure!(
        status.success(),
        "failed to {what} in {} ({status})",
        environment.display()
    );
    Ok(())
}
