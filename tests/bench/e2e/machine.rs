use std::{fs, path::Path, process::Command, thread};

use serde::{Deserialize, Serialize};

/// Where the figures come from.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) system: String,
    pub(crate) kernel: String,
    /// Runnable processes when the bench began, averaged over a minute: above zero the machine was not idle.
    pub(crate) load_before: String,
    pub(crate) mosquitto: String,
    pub(crate) python: String,
}

impl Machine {
    pub(crate) fn look(python: Option<&Path>) -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let after = |text: &str, key: &str, sign: char| {
            let line = text.lines().find(|line| line.starts_with(key));
            let value = line.and_then(|line| line.split_once(sign));
            value.map_or_else(String::new, |(_, value)| {
                value.trim_matches([' ', '"']).to_owned()
            })
        };
        let load = text("/proc/loadavg");
        Self {
            processor: after(&text("/proc/cpuinfo"), "model name", ':'),
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: after(&text("/etc/os-release"), "PRETTY_NAME", '='),
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_before: load.split(' ').next().unwrap_or_default().to_owned(),
            mosquitto: first_line(Command::new("mosquitto").arg("-h"))
                .or_else(|| first_line(Command::new("/usr/sbin/mosquitto").arg("-h")))
                .unwrap_or_default(),
            python: python.and_then(python_versions).unwrap_or_default(),
        }
    }
}

const VERSIONS: &str = "import platform, paho.mqtt, onnxruntime; \
    print('Python', platform.python_version() + ', paho-mqtt', paho.mqtt.__version__ + ', ONNX Runtime', \
    onnxruntime.__version__)";

fn python_versions(python: &Path) -> Option<String> {
    first_line(Command::new(python).args(["-c", VERSIONS]))
}

fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next().map(str::to_owned)
}

/// The unit of `/proc/<pid>/stat`: 1/100 s on every architecture that Weir runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time that a process has used, in seconds; none where it is gone.
pub(crate) fn cpu_seconds(process: i32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in brackets, may hold anything; user and system time are the 12th and 13th field after it.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}
