use std::{fs, path::Path, process::Command};

use weir_tests::bench::first_line;

/// The broker's version.
pub(crate) fn mosquitto() -> String {
    first_line(Command::new("mosquitto").arg("-h"))
        .or_else(|| first_line(Command::new("/usr/sbin/mosquitto").arg("-h")))
        .unwrap_or_default()
}

const VERSIONS: &str = "import platform, paho.mqtt, onnxruntime; \
    print('Python', platform.python_version() + ', paho-mqtt', paho.mqtt.__version__ + ', ONNX Runtime', \
    onnxruntime.__version__)";

/// The versions of Python and of what its gateway is made of.
pub(crate) fn python_versions(python: &Path) -> Option<String> {
    first_line(Command::new(python).args(["-c", VERSIONS]))
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
