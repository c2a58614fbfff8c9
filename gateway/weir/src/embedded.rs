//! The embedded broker: this binary again, as a child process.

use std::process::Command;

use anyhow::Context;
use weir_broker::{Ports, Supervisor};

use crate::cli::BrokerArgs;

/// Starts the broker as a child that never outlives this process; port 0 means any that is free.
pub(crate) fn start(port: u16) -> anyhow::Result<Supervisor> {
    let binary = std::env::current_exe().context("failed to find this program's own file")?;
    let broker = Supervisor::start(port, move |port| {
        let mut command = Command::new(&binary);
        command.args([
            "--log",
            "error",
            "broker",
            "--supervised",
            "--port",
            &port.to_string(),
        ]);
        command
    })?;
    tracing::warn!(
        port = broker.port(),
        "the embedded broker is for trying out: loopback only, nothing on disk, MQTT 5 on this port"
    );
    Ok(broker)
}

/// Runs the broker in this process.
pub(crate) fn serve(args: &BrokerArgs) -> anyhow::Result<()> {
    let ports = Ports {
        v5: args.port,
        v311: args.v311_port,
    };
    Ok(weir_broker::serve(ports, args.supervised)?)
}
