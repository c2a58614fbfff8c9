//! ONNX Runtime from Python: what a user would write, at its best. Python takes the time itself, so that what lies
//! between the processes is not counted.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use guest_abi::DType;

use super::{Runner, Turn};
use crate::network::Network;

pub(crate) struct Python {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Python {
    pub(crate) fn start(python: &Path, network: &Network) -> Result<Self> {
        let script = weir_tests::repository().join("tests/bench/nn/onnxruntime_runner.py");
        let dims: Vec<String> = network.input.dims.iter().map(u32::to_string).collect();
        let dtype = if network.input.is(DType::F32) {
            "f4"
        } else {
            "u1"
        };
        let mut process = Command::new(python)
            .arg(script)
            .arg(&network.file)
            .args([dims.join(","), dtype.to_owned()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {}", python.display()))?;
        let orders = process.stdin.take().context("no way in")?;
        let answers = BufReader::new(process.stdout.take().context("no way out")?);
        let mut runner = Self {
            process,
            orders,
            answers,
        };
        runner.orders.write_all(&network.values)?;
        runner.orders.flush()?;
        ensure!(runner.line()? == "ready", "it does not get ready");
        Ok(runner)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the Python of ONNX Runtime has ended");
        Ok(line.trim().to_owned())
    }
}

impl Runner for Python {
    fn turn(&mut self, turn: Duration) -> Result<Turn> {
        writeln!(self.orders, "{}", turn.as_secs_f64())?;
        self.orders.flush()?;
        Ok(Turn {
            calls_ms: serde_json::from_str(&self.line()?)?,
            output: serde_json::from_str(&self.line()?)?,
            ..Turn::default()
        })
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
