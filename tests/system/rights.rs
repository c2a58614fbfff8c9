use std::fs;

use anyhow::Result;
use weir_tests::{Client, NodeConfig, Publication, WeirProcess};

use crate::{
    documents::{Answer, Counts},
    program,
    secured::{PASSWORD, RIGHTS, Secured},
    site::{ANOMALY, DEADLINE, READY, config, dashboard, first_health, logged, watcher},
    stream::sample,
};

const TOPIC: &str = "sensors/pump-1/vibration";

/// A node that logs in over TLS with this password.
fn node(broker: &Secured, password: &str) -> Result<NodeConfig> {
    let config = config(1)?.section(ANOMALY);
    let folder = config.folder().join("conf.d");
    fs::create_dir(&folder)?;
    fs::write(
        folder.join("broker.toml"),
        broker.keys(config.folder(), password)?,
    )?;
    Ok(config)
}

async fn publish(sensor: &Client, id: &str) -> Result<()> {
    sensor.publish(Publication::new(TOPIC, sample(id))).await
}

#[tokio::test]
async fn the_journey_is_the_same_over_tls_with_a_user_and_rights() -> Result<()> {
    let broker = Secured::start(RIGHTS).await?;
    let dashboard = dashboard(broker.open_port).await?;
    let config = node(&broker, PASSWORD)?;
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, READY, 1).await?;
    let sensor = Client::connect(broker.open_port, "sensor").await?;
    publish(&sensor, "secret").await?;
    let answer = Answer::read(dashboard.take(Answer::is_one, DEADLINE).await?)?;
    assert_eq!(answer.id(), "secret");
    node.sigterm()?;
    assert_eq!(node.ended_within(DEADLINE).await?.code(), Some(0));
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_said_and_not_tried_again_and_again() -> Result<()> {
    let broker = Secured::start(RIGHTS).await?;
    let config = node(&broker, "wrong")?;
    let checked = program::weir(&["check", "--config"], &[config.write()?]).await?;
    checked.says(3, &["broker.url", "refuses the connection", "password"])?;
    let tried = refusals(&broker);
    assert!(
        tried <= 2,
        "`weir check` tries each connection once:\n{}",
        broker.log()
    );
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, "refuses the connection", 2).await?;
    assert!(node.log().contains("password"), "{}", node.log());
    node.still_runs()?;
    // The pause after it is said in the log: half of the longest one at least.
    let pauses = node.log();
    let pauses: Vec<f64> = pauses.lines().filter_map(pause).collect();
    assert!(
        pauses.len() >= 2 && pauses.iter().all(|pause| *pause >= 15.0),
        "{pauses:?}: {}",
        node.log()
    );
    assert_eq!(refusals(&broker), tried + 2, "{}", broker.log());
    Ok(())
}

/// Connections that the broker did not let in.
fn refusals(broker: &Secured) -> usize {
    broker.log().matches("not authorised").count()
}

/// The pause that a log line announces, in seconds.
fn pause(line: &str) -> Option<f64> {
    let (_, after) = line.split_once("again_in=")?;
    after
        .trim_start_matches('"')
        .split([' ', '"'])
        .next()?
        .parse()
        .ok()
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_not_trusted() -> Result<()> {
    let broker = Secured::start(RIGHTS).await?;
    let other = Secured::start(RIGHTS).await?;
    let config = node(&broker, PASSWORD)?;
    fs::write(
        config.folder().join("conf.d/later.toml"),
        format!("[broker]\nca_file = {:?}\n", other.ca_file()),
    )?;
    let checked = program::weir(&["check", "--config"], &[config.write()?]).await?;
    checked.says(3, &["broker.url", "TLS"])
}

#[tokio::test]
async fn without_the_right_to_publish_results_nothing_is_lost() -> Result<()> {
    let lacking = RIGHTS.replace("topic write weir/#", "topic write weir/nodes/#");
    let broker = Secured::start(&lacking).await?;
    let dashboard = dashboard(broker.open_port).await?;
    let watcher = watcher(broker.open_port).await?;
    let config = node(&broker, PASSWORD)?;
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, READY, 1).await?;
    let sensor = Client::connect(broker.open_port, "sensor").await?;
    for id in ["a", "b", "c"] {
        publish(&sensor, id).await?;
    }
    // They wait in the outbox, and what they answer is not acknowledged.
    let refused = |health: &serde_json::Value| {
        let link = &health["link"];
        let waits = link["refused"].as_u64() >= Some(1) && link["outbox"].as_u64() >= Some(3);
        waits && link["unsettled_age_ms"].as_u64() > Some(0) && Counts::of_all(health).results == 3
    };
    first_health(&watcher, refused).await?;
    let log = node.log();
    assert!(
        log.contains("not authorised to publish") && log.contains("weir/results/anomaly/pump-1"),
        "{log}"
    );
    assert!(
        dashboard
            .drain()?
            .iter()
            .all(|message| !Answer::is_one(message))
    );

    broker.change_rights(RIGHTS)?;
    let mut ids = Vec::new();
    for message in dashboard.collect(3, DEADLINE).await? {
        ids.push(Answer::read(message)?.id().to_owned());
    }
    ids.sort_unstable();
    assert_eq!(ids, ["a", "b", "c"]);
    let quiet = |health: &serde_json::Value| {
        health["link"]["outbox"] == 0 && Counts::of_all(health).results == 3
    };
    first_health(&watcher, quiet).await?;
    Ok(())
}
