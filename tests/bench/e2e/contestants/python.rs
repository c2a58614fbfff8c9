use anyhow::Result;
use tokio::process::Command;
use weir_tests::{Process, bench};

use super::{Contestant, Stage, Topics};

pub(super) fn start(stage: &Stage) -> Result<Contestant> {
    let topics = Topics::new("bench-python/{device}/in", "bench-python-results");
    let repository = weir_tests::repository();
    let mut command = Command::new(bench::python(&stage.target)?);
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
