use std::collections::BTreeSet;

use anyhow::Result;
use tokio::task::JoinHandle;
use weir_tests::{Client, Publication, Received, WeirProcess};

use crate::{
    documents::Answer,
    site::{ANOMALY, DEADLINE, Site},
    stream::{ids, sample},
};

const MESSAGES: usize = 3_000;
/// So many results are seen before something breaks.
const BEFORE: usize = 200;
const TOPIC: &str = "sensors/pump-1/vibration";

/// Publishes the whole stream in a task of its own.
fn stream(sensor: &Client) -> JoinHandle<Result<()>> {
    let sensor = sensor.clone();
    let messages = ids("m", MESSAGES)
        .into_iter()
        .map(|id| Publication::new(TOPIC, sample(&id)));
    tokio::spawn(async move { sensor.publish_all(messages).await })
}

fn answered(messages: &[Received]) -> BTreeSet<String> {
    let results = messages
        .iter()
        .filter(|message| message.topic.starts_with("weir/results/"));
    let id = |message: &Received| Some(message.json().ok()?["id"].as_str()?.to_owned());
    results.filter_map(id).collect()
}

/// Every identity has a result once the stream is over, whatever was said twice.
async fn everything_is_answered(dashboard: &Client, before: Vec<Received>) -> Result<()> {
    let missing: BTreeSet<String> = ids("m", MESSAGES).into_iter().collect();
    let missing: BTreeSet<String> = missing.difference(&answered(&before)).cloned().collect();
    let complete =
        |taken: &[Received]| taken.len() >= missing.len() && missing.is_subset(&answered(taken));
    let after = dashboard.collect_until(complete, DEADLINE).await?;
    for message in before.into_iter().chain(after).filter(Answer::is_one) {
        assert!(Answer::read(message)?.is_result);
    }
    Ok(())
}

#[tokio::test]
async fn a_broker_that_restarts_in_mid_stream_loses_nothing() -> Result<()> {
    let mut site = Site::open(&[ANOMALY]).await?;
    let publishing = stream(&site.sensor);
    let before = site.dashboard.collect(BEFORE, DEADLINE).await?;
    site.broker.restart().await?;
    everything_is_answered(&site.dashboard, before).await?;
    publishing.await??;
    let health = site
        .health(|health| health["link"]["reconnects"].as_u64() >= Some(1))
        .await?;
    assert_eq!(
        health["link"]["sessions_lost"], 0,
        "the broker had kept the session: {health}"
    );
    site.node.still_runs()
}

#[tokio::test]
async fn a_node_that_is_killed_in_mid_stream_loses_nothing() -> Result<()> {
    let mut site = Site::open(&[ANOMALY]).await?;
    let publishing = stream(&site.sensor);
    let before = site.dashboard.collect(BEFORE, DEADLINE).await?;
    site.node.kill().await?;
    site.node = WeirProcess::spawn(&site.config)?;
    everything_is_answered(&site.dashboard, before).await?;
    publishing.await??;
    site.node.still_runs()
}

#[tokio::test]
async fn a_broker_that_forgets_everything_is_subscribed_anew() -> Result<()> {
    let mut site = Site::open(&[ANOMALY]).await?;
    site.publish(TOPIC, [sample("before")]).await?;
    assert_eq!(site.answers(1).await?[0].id(), "before");
    site.broker.kill().await?;
    site.broker.restart().await?;
    let lost = |health: &serde_json::Value| health["link"]["sessions_lost"].as_u64() >= Some(1);
    let health = site.health(lost).await?;
    assert!(health["link"]["reconnects"].as_u64() >= Some(1), "{health}");
    // The subscription is granted some time after the connection stands: a sensor that goes on is heard again. The
    // first result may come once more, where the broker was killed before it had confirmed it.
    let after = |message: &Received| {
        let results = message.topic.starts_with("weir/results/");
        results && message.json().is_ok_and(|result| result["id"] == "after")
    };
    let heard = site.dashboard.take(after, DEADLINE);
    tokio::pin!(heard);
    let heard = loop {
        site.publish(TOPIC, [sample("after")]).await?;
        tokio::select! {
            heard = &mut heard => break heard?,
            () = tokio::time::sleep(std::time::Duration::from_millis(50)) => {}
        }
    };
    assert_eq!(Answer::read(heard)?.id(), "after");
    site.node.still_runs()
}
