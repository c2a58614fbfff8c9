//! The embedded MQTT broker (rumqttd) in a supervised child process: the default for a first run, demos and tests.
//!
//! rumqttd ends in ways that a process cannot survive (see `broker-config/README.md`), so it never shares one with the
//! gateway: [`run`] is what the child does, [`Supervisor`] what the parent does.

mod nodelay;
mod probe;
mod run;
mod settings;
mod supervisor;

pub use probe::{ProbeError, probe};
pub use run::{Ready, RunError, run};
pub use settings::ListenConfig;
pub use supervisor::{StartError, Supervisor};
