//! The tools of the system tests keep their own promises: over a real Mosquitto that goes away and comes back.

use std::{collections::BTreeSet, ops::Range, time::Duration};

use anyhow::{Context, Result};
use weir_tests::{Client, Mosquitto, Publication, Received};

const DEADLINE: Duration = Duration::from_secs(30);
const BATCH: u32 = 50;

fn publications(numbers: Range<u32>) -> impl Iterator<Item = Publication> {
    numbers.map(|number| Publication::new("numbers", number.to_string()))
}

fn numbers(messages: &[Received]) -> BTreeSet<u32> {
    let number = |message: &Received| std::str::from_utf8(&message.payload).ok()?.parse().ok();
    messages.iter().filter_map(number).collect()
}

#[tokio::test]
async fn what_is_published_while_the_broker_restarts_arrives() -> Result<()> {
    let mut broker = Mosquitto::start().await?;
    let dashboard = Client::connect(broker.port(), "dashboard").await?;
    dashboard.subscribe("numbers").await?;
    let sensor = Client::connect(broker.port(), "sensor").await?;
    let restarting = tokio::spawn(async move { broker.restart().await.map(|()| broker) });
    let mut sent = 0;
    while !restarting.is_finished() {
        sensor.publish_all(publications(sent..sent + BATCH)).await?;
        sent += BATCH;
    }
    let _broker = restarting.await??;
    sensor.publish_all(publications(sent..sent + 1)).await?;
    let wanted: BTreeSet<u32> = (0..=sent).collect();
    dashboard
        .collect_until(|taken| numbers(taken) == wanted, DEADLINE)
        .await?;
    assert!(sensor.connections() > 1, "the broker was not away");
    Ok(())
}

#[tokio::test]
async fn subscriptions_outlive_a_broker_that_lost_its_sessions() -> Result<()> {
    let mut broker = Mosquitto::start().await?;
    let dashboard = Client::connect(broker.port(), "dashboard").await?;
    dashboard.subscribe("news").await?;
    let sensor = Client::connect(broker.port(), "sensor").await?;
    broker.kill().await?;
    let (published, restarted) = tokio::join!(
        sensor.publish(Publication::new("news", "first").retained()),
        broker.restart()
    );
    published?;
    restarted?;
    let first = dashboard
        .take(|message| message.payload == "first", DEADLINE)
        .await?;
    assert_eq!(first.topic, "news");
    Ok(())
}

#[tokio::test]
async fn a_request_gets_its_own_answer() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let service = Client::connect(broker.port(), "service").await?;
    service.subscribe("ask").await?;
    let answers = tokio::spawn(async move {
        for _ in 0..2 {
            let asked = service.take(|_| true, DEADLINE).await?;
            let topic = asked
                .properties
                .response_topic
                .context("no response topic")?;
            let data = asked
                .properties
                .correlation_data
                .context("no correlation")?;
            let answer = Publication::new(topic, asked.payload)
                .correlation_data(std::str::from_utf8(&data)?)
                .user_property("kind", "answer");
            service.publish(answer).await?;
        }
        anyhow::Ok(())
    });
    let asker = Client::connect(broker.port(), "asker").await?;
    for question in ["one", "two"] {
        let answer = asker
            .request(Publication::new("ask", question), DEADLINE)
            .await?;
        assert_eq!(answer.payload, question);
        assert_eq!(answer.user_property("kind"), Some("answer"));
    }
    answers.await?
}

#[tokio::test]
async fn what_did_not_come_is_said() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let client = Client::connect(broker.port(), "client").await?;
    client.subscribe("here").await?;
    client.publish(Publication::new("here", "lonely")).await?;
    let error = client
        .collect(2, Duration::from_millis(300))
        .await
        .unwrap_err();
    let words = error.to_string();
    assert!(
        words.contains("1 messages") && words.contains("lonely"),
        "{words}"
    );
    Ok(())
}
