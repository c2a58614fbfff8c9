use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use super::Runner;
use crate::workload::Workload;

/// ONNX Runtime on one thread, in a Python process that waits until it is asked. It takes the time itself: what lies
/// between the processes is not counted.
pub(super) struct OnnxRuntime {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    last: usize,
}

impl OnnxRuntime {
    pub(super) fn start(
        python: &Path,
        model: &Path,
        workload: &Workload,
        int8: bool,
    ) -> Result<Self> {
        let script = weir_tests::repository().join("tests/bench/engines/onnxruntime_runner.py");
        let dims: Vec<String> = workload.dims.iter().map(u32::to_string).collect();
        let mut command = Command::new(python);
        command.arg(script).arg("--model").arg(model);
        command.args(["--dims", &dims.join(",")]);
        command.args(["--count", &workload.inputs.len().to_string()]);
        if int8 {
            command.arg("--int8");
        }
        let mut process = command
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
            last: 0,
        };
        for input in &workload.inputs {
            runner.orders.write_all(input)?;
        }
        runner.orders.flush()?;
        ensure!(runner.answer()? == "ready", "it does not get ready");
        Ok(runner)
    }

    fn ask(&mut self, order: &str) -> Result<String> {
        writeln!(self.orders, "{order}")?;
        self.orders.flush()?;
        self.answer()
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the Python of ONNX Runtime has ended");
        Ok(line.trim().to_owned())
    }
}

impl Runner for OnnxRuntime {
    fn infer(&mut self, input: usize) -> Result<()> {
        self.last = input;
        Ok(())
    }

    fn output(&mut self) -> Result<Vec<f32>> {
        let order = format!("output {}", self.last);
        Ok(serde_json::from_str(&self.ask(&order)?)?)
    }

    fn run(&mut self, calls: u32, _inputs: usize) -> Result<Duration> {
        let nanoseconds = self.ask(&format!("run {calls}"))?;
        Ok(Duration::from_nanos(nanoseconds.parse()?))
    }
}

impl Drop for OnnxRuntime {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
