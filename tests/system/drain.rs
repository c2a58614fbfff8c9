use std::collections::BTreeMap;

use anyhow::Result;
use weir_tests::{Client, Publication, Received, WeirProcess};

use crate::{
    documents::Answer,
    site::{ANOMALY, DEADLINE, NODE, Site},
    stream::{ids, sample},
};

const MESSAGES: usize = 2_000;
const TOPIC: &str = "sensors/pump-1/vibration";

#[tokio::test]
async fn a_stop_finishes_what_was_accepted_and_takes_nothing_else() -> Result<()> {
    let mut site = Site::open(&[ANOMALY]).await?;
    let sensor = site.sensor.clone();
    let messages = ids("m", MESSAGES)
        .into_iter()
        .map(|id| Publication::new(TOPIC, sample(&id)));
    let publishing = tokio::spawn(async move { sensor.publish_all(messages).await });
    let first = site.dashboard.take(Answer::is_one, DEADLINE).await?;
    site.node.sigterm()?;
    assert_eq!(site.node.ended_within(DEADLINE).await?.code(), Some(0));
    assert!(
        site.node.log().contains("everything accepted is settled"),
        "{}",
        site.node.log()
    );
    publishing.await??;
    let status = Client::connect(site.broker.port(), "late").await?;
    status.subscribe("weir/nodes/+/status").await?;
    let kept = status.take(|message| message.retained, DEADLINE).await?;
    assert_eq!(kept.payload, "offline");

    // What was not accepted waits at the broker; what was is not answered again.
    site.node = WeirProcess::spawn(&site.config)?;
    let complete =
        |taken: &[Received]| taken.iter().filter(|m| Answer::is_one(m)).count() + 1 >= MESSAGES;
    let mut messages = site.dashboard.collect_until(complete, DEADLINE).await?;
    messages.push(first);
    messages.extend(site.dashboard.drain()?);
    let mut times: BTreeMap<String, usize> =
        ids("m", MESSAGES).into_iter().map(|id| (id, 0)).collect();
    for message in messages.into_iter().filter(Answer::is_one) {
        *times
            .entry(Answer::read(message)?.id().to_owned())
            .or_default() += 1;
    }
    times.retain(|_, times| *times != 1);
    assert!(times.is_empty(), "each exactly once, but: {times:?}");
    Ok(())
}

#[tokio::test]
async fn a_node_that_is_killed_is_said_to_be_offline() -> Result<()> {
    let mut site = Site::open(&[ANOMALY]).await?;
    let status = format!("weir/nodes/{NODE}/status");
    let is = |word: &'static str| {
        move |message: &Received| message.topic.ends_with("/status") && message.payload == word
    };
    site.dashboard.take(is("online"), DEADLINE).await?;
    site.node.kill().await?;
    let offline = site.dashboard.take(is("offline"), DEADLINE).await?;
    assert_eq!(offline.topic, status);
    let late = Client::connect(site.broker.port(), "late").await?;
    late.subscribe(&status).await?;
    assert_eq!(
        late.take(|message| message.retained, DEADLINE)
            .await?
            .payload,
        "offline"
    );
    Ok(())
}

#[tokio::test]
async fn a_second_signal_changes_nothing_and_an_idle_node_ends_at_once() -> Result<()> {
    let mut site = Site::open(&[ANOMALY]).await?;
    site.node.sigterm()?;
    // The node may have ended before the second one.
    drop(site.node.sigterm());
    assert_eq!(site.node.ended_within(DEADLINE).await?.code(), Some(0));
    Ok(())
}
