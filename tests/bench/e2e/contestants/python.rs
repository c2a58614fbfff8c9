use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use weir_tests::Process;

use super::{Contestant, Stage, Topics};

pub(super) async fn start(stage: &Stage) -> Result<Contestant> {
    let topics = Topics {
        input: "bench-python/{device}/in".to_owned(),
        results: "bench-python-results".to_owned(),
        rejects: None,
    };
    let repository = weir_tests::repository();
    let mut command = Command::new(interpreter(stage).await?);
    command
        .arg(repository.join("tests/bench/e2e/python_gateway.py"))
        .args(["--port", &stage.port.to_string()])
        .args(["--input", &topics.input_filter()])
        .args(["--output", &topics.results])
        .arg("--model")
        .arg(repository.join("models/vibration-bands"));
    let log = stage.folder.path().join("python.log");
    let process = Process::start("python_gateway.py", command, &log)?;
    Ok(Contestant {
        topics,
        process: Some(process),
        _config: None,
    })
}

/// `WEIR_BENCH_PYTHON`, else the environment below the target folder, made where it is missing.
pub(crate) async fn interpreter(stage: &Stage) -> Result<PathBuf> {
    if let Some(python) = env::var_os("WEIR_BENCH_PYTHON") {
        return Ok(python.into());
    }
    let environment = stage.target.join("bench-venv");
    let python = environment.join("bin").join("python");
    let requirements = weir_tests::repository().join("tests/bench/requirements.txt");
    let stamp = environment.join("requirements.txt");
    let asked = std::fs::read(&requirements)?;
    if python.is_file() && std::fs::read(&stamp).is_ok_and(|installed| installed == asked) {
        return Ok(python);
    }
    eprintln!("making the Python environment (downloads about 50 MB) ...");
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&environment);
    run(make, "make a Python environment", &environment).await?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--requirement"]);
    install.arg(&requirements);
    run(install, "install paho-mqtt and onnxruntime", &environment).await?;
    std::fs::write(&stamp, asked)?;
    Ok(python)
}

async fn run(mut command: Command, what: &str, environment: &Path) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .await
        .with_context(|| format!("failed to {what}"))?;
    ensure!(
        status.success(),
        "failed to {what} in {} ({status})",
        environment.display()
    );
    Ok(())
}
