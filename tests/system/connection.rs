use anyhow::Result;
use weir_tests::{Client, Mosquitto, Publication, WeirProcess};

use crate::{
    program,
    site::{ANOMALY, DEADLINE, READY, config, dashboard, logged},
    stream::sample,
};

#[tokio::test]
async fn a_broker_that_comes_late_is_waited_for() -> Result<()> {
    let mut broker = Mosquitto::start().await?;
    broker.stop().await?;
    let config = config(broker.port())?.section(ANOMALY);
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, "cannot reach", 1).await?;
    assert!(
        node.log().contains(&format!("127.0.0.1:{}", broker.port())),
        "it names the place:\n{}",
        node.log()
    );
    node.still_runs()?;
    broker.restart().await?;
    let dashboard = dashboard(broker.port()).await?;
    logged(&mut node, READY, 1).await?;
    let sensor = Client::connect(broker.port(), "sensor").await?;
    sensor
        .publish(Publication::new("sensors/pump-1/vibration", sample("late")))
        .await?;
    let result = dashboard
        .take(
            |message| message.topic == "weir/results/anomaly/pump-1",
            DEADLINE,
        )
        .await?;
    assert_eq!(result.json()?["id"], "late");
    Ok(())
}

#[tokio::test]
async fn a_node_without_a_broker_stops_when_it_is_told() -> Result<()> {
    let port = weir_tests::free_port()?;
    let config = config(port)?.section(ANOMALY);
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, "cannot reach", 1).await?;
    node.sigterm()?;
    let status = node.ended_within(DEADLINE).await?;
    assert_eq!(
        status.code(),
        Some(0),
        "nothing was accepted, nothing is lost:\n{}",
        node.log()
    );
    Ok(())
}

#[tokio::test]
async fn check_says_that_no_broker_is_there() -> Result<()> {
    let port = weir_tests::free_port()?;
    let file = config(port)?.section(ANOMALY);
    let checked = program::weir(&["check", "--config"], &[file.write()?]).await?;
    checked.says(
        3,
        &[
            "broker.url",
            &format!("127.0.0.1:{port}"),
            "cannot reach",
            "--offline",
        ],
    )?;
    let offline = program::weir(&["check", "--offline", "--config"], &[file.write()?]).await?;
    offline.says(0, &["ok", "anomaly"])
}

#[tokio::test]
async fn check_leaves_a_running_node_alone() -> Result<()> {
    let mut site = crate::site::Site::open(&[ANOMALY]).await?;
    let checked = program::weir(&["check", "--config"], &[site.config.write()?]).await?;
    checked.says(0, &["ok", "answers"])?;
    site.publish("sensors/pump-1/vibration", [sample("still")])
        .await?;
    let health = site.settled(1).await?;
    assert_eq!(health["link"]["reconnects"], 0, "{health}");
    site.node.still_runs()
}
