use std::{fmt, fs, process::Command, thread};

use serde::{Deserialize, Serialize};

/// Where the figures come from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's own name.
    pub processor: String,
    /// Threads that run at once.
    pub cores: usize,
    /// The distribution.
    pub system: String,
    /// The kernel's release.
    pub kernel: String,
    /// Runnable processes when the bench began, averaged over a minute: above zero the machine was not idle.
    pub load_before: String,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn look() -> Self {
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
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({} cores), {}, Linux {}, load {} before",
            self.processor, self.cores, self.system, self.kernel, self.load_before
        )
    }
}

/// The first line that a command prints: most say their version there.
pub fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next().map(str::to_owned)
}
