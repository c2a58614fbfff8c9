//! The embedded broker: this binary again, as a supervised child process.

use anyhow::Context;
use tokio::process::Command;
use weir_broker::{ListenConfig, Supervisor};

use crate::cli::BrokerArgs;

/// Starts the broker as a child that never outlives this process.
pub(crate) async fn start(args: &BrokerArgs) -> anyhow::Result<Supervisor> {
    let binary = std::env::current_exe().context("failed to find this program's own file")?;
    let v311_port = args.v311_port;
    let command = move |port: u16| {
        let mut command = Command::new(&binary);
        command.args([
            "--log",
            "off",
            "broker",
            "--child",
            "--port",
            &port.to_string(),
        ]);
        if let Some(port) = v311_port {
            command.args(["--v311-port", &port.to_string()]);
        }
        command
    };
    let broker = Supervisor::start(args.port, command).await?;
    tracing::info!(
        "the embedded broker speaks MQTT 5 on {}; it is for trying out: nothing is on disk",
        broker.addr()
    );
    Ok(broker)
}

/// Runs the broker in this process, which ends when its standard input does.
pub(crate) fn serve(args: &BrokerArgs) -> anyhow::Result<()> {
    let listen = ListenConfig {
        v5_port: args.port.unwrap_or_default(),
        v4_port: args.v311_port,
    };
    Ok(weir_broker::run(listen)?)
}
