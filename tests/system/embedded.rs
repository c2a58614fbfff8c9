use std::fs;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use weir_tests::{Client, NodeConfig, Process, Publication, WeirProcess, free_port};

use crate::{
    program,
    site::{ANOMALY, DEADLINE, READY, config, dashboard, first_health, logged, until, watcher},
    stream::sample,
};

const TOPIC: &str = "sensors/pump-1/vibration";

/// A node with a broker of its own; its clients come once it has said on which port.
struct Alone {
    config: NodeConfig,
    node: WeirProcess,
    port: u16,
}

impl Alone {
    async fn start() -> Result<Self> {
        let config = config(1)?.section(ANOMALY);
        // `NodeConfig` names a broker; a file beside it says otherwise.
        fs::create_dir(config.folder().join("conf.d"))?;
        fs::write(
            config.folder().join("conf.d/embedded.toml"),
            "[broker]\nurl = \"embedded\"\n",
        )?;
        let mut node = WeirProcess::spawn(&config)?;
        logged(&mut node, "embedded broker", 1).await?;
        let port = port(&node.log()).context("a port")?;
        logged(&mut node, READY, 1).await?;
        Ok(Self { config, node, port })
    }

    /// The broker's process.
    fn broker(&self) -> Result<i32> {
        children(self.node.id())?
            .first()
            .copied()
            .context("the node has a child")
    }
}

/// `… speaks MQTT 5 on 127.0.0.1:1884; …` in the log.
fn port(log: &str) -> Option<u16> {
    let (_, after) = log.split_once("MQTT 5 on 127.0.0.1:")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The processes that a process has started.
fn children(parent: i32) -> Result<Vec<i32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else {
            continue;
        };
        // It may have ended since.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default();
        if fields.split_whitespace().nth(1) == Some(&parent.to_string()) {
            children.push(pid);
        }
    }
    Ok(children)
}

/// Ended, or waiting for whoever has taken it over to notice.
fn has_ended(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty()
        || stat
            .rsplit(')')
            .next()
            .is_some_and(|fields| fields.trim_start().starts_with('Z'))
}

/// One after the other: the embedded broker of `weir run` has one port.
#[tokio::test]
async fn a_node_may_bring_its_own_broker() -> Result<()> {
    let mut alone = Alone::start().await?;
    let dashboard = dashboard(alone.port).await?;
    let watcher = watcher(alone.port).await?;
    let sensor = Client::connect(alone.port, "sensor").await?;
    let is_result = |message: &weir_tests::Received| message.topic == "weir/results/anomaly/pump-1";
    sensor
        .publish(Publication::new(TOPIC, sample("first")))
        .await?;
    assert_eq!(
        dashboard.take(is_result, DEADLINE).await?.json()?["id"],
        "first"
    );

    let broker = Pid::from_raw(alone.broker()?).context("a process id")?;
    kill_process(broker, Signal::KILL)?;
    let health = first_health(&watcher, |health| {
        health["link"]["sessions_lost"].as_u64() >= Some(1)
    })
    .await?;
    assert!(health["link"]["reconnects"].as_u64() >= Some(1), "{health}");
    logged(&mut alone.node, "subscribed filter", 2).await?;
    until("the dashboard is back", async || {
        Ok(dashboard.connections() >= 2)
    })
    .await?;
    dashboard.subscribe("weir/results/#").await?;
    sensor
        .publish(Publication::new(TOPIC, sample("second")))
        .await?;
    assert_eq!(
        dashboard.take(is_result, DEADLINE).await?.json()?["id"],
        "second"
    );

    let broker = alone.broker()?;
    alone.node.sigterm()?;
    assert_eq!(
        alone.node.ended_within(DEADLINE).await?.code(),
        Some(0),
        "{}",
        alone.node.log()
    );
    until("the broker ends with its node", async || {
        Ok(has_ended(broker))
    })
    .await?;

    fs::remove_file(alone.config.folder().join("weir.log"))?;
    let mut alone = Alone::start().await?;
    let broker = alone.broker()?;
    alone.node.kill().await?;
    until("the broker ends with a node that was killed", async || {
        Ok(has_ended(broker))
    })
    .await
}

#[tokio::test]
async fn the_broker_runs_by_itself_too() -> Result<()> {
    let port = free_port()?;
    let folder = tempfile::tempdir()?;
    let command = program::command(&["broker", "--port"], &[port.to_string()])?;
    let mut broker = Process::start("weir broker", command, &folder.path().join("broker.log"))?;
    let client = Client::connect(port, "client").await?;
    client.subscribe("news/#").await?;
    client
        .publish(Publication::new("news/today", "all is well"))
        .await?;
    assert_eq!(
        client.take(|_| true, DEADLINE).await?.payload,
        "all is well"
    );
    let second = program::weir(&["broker", "--port"], &[port.to_string()]).await?;
    second.says(1, &["cannot listen", &port.to_string()])?;
    broker.still_runs()?;
    broker.kill().await
}
