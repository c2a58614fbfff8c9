use anyhow::Result;
use tokio::process::Command;
use weir_tests::Process;

use super::{Contestant, Stage, Topics};

pub(super) fn start(stage: &Stage) -> Result<Contestant> {
    let topics = Topics::new("bench-echo/{device}/in", "bench-echo-results");
    let mut command = Command::new(weir_tests::profile_folder()?.join("bench-echo"));
    command
        .args(["--port", &stage.port.to_string()])
        .args(["--input", &topics.input_filter()])
        .args(["--output", &topics.results]);
    let log = stage.folder.path().join("echo.log");
    let process = Process::start("bench-echo", command, &log)?;
    Ok(Contestant {
        topics,
        process: Some(process),
        _config: None,
    })
}
