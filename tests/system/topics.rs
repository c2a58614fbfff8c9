use anyhow::Result;

use crate::{
    documents::Answer,
    site::{ANOMALY, DEADLINE, Site, compiled},
    stream::sample,
};

const DEEP: &str = r#"
[pipeline.deep]
topic = "plant/+/{device}/#"
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "json", fields = ["/ax", "/ay", "/az"], id = "/id" }
"#;

/// Takes all that `anomaly` takes, and more.
const WIDE: &str = r#"
[pipeline.wide]
topic = "sensors/{device}/+"
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "json", fields = ["/ax"], id = "/id" }
"#;

fn seen(answers: &[Answer]) -> Vec<(&str, &str, &str)> {
    let mut seen: Vec<_> = answers
        .iter()
        .map(|answer| {
            (
                answer.pipeline.as_str(),
                answer.device.as_str(),
                answer.id(),
            )
        })
        .collect();
    seen.sort_unstable();
    seen
}

#[tokio::test]
async fn wildcards_take_what_they_say_and_name_the_device() -> Result<()> {
    let site = Site::open(&[DEEP]).await?;
    for (topic, id) in [
        ("plant/north/pump-1/vibration", "a"),
        ("plant/south/pump-2/x/y/z", "b"),
        ("plant/south/pump 3", "c"),
        ("plant/north", "nobody takes it"),
        ("plants/north/pump-1/vibration", "nobody takes it"),
    ] {
        site.publish(topic, [sample(id)]).await?;
    }
    let answers = site.finish(3).await?;
    assert!(answers.iter().all(|answer| answer.is_result));
    assert_eq!(
        seen(&answers),
        [
            ("deep", "pump 3", "c"),
            ("deep", "pump-1", "a"),
            ("deep", "pump-2", "b")
        ]
    );
    Ok(())
}

#[tokio::test]
async fn an_empty_device_is_a_reject() -> Result<()> {
    let site = Site::open(&[DEEP]).await?;
    site.publish("plant/north//vibration", [sample("x")])
        .await?;
    site.publish("plant/north/pump-1/vibration", [sample("y")])
        .await?;
    let answers = site.finish(2).await?;
    let reject = answers
        .iter()
        .find(|answer| !answer.is_result)
        .expect("a reject");
    assert_eq!(reject.message.topic, "weir/rejects/deep/_");
    assert_eq!(reject.text("code"), "topic_device_missing");
    assert_eq!(reject.text("topic"), "plant/north//vibration");
    assert_eq!(answers.len(), 2);
    Ok(())
}

#[tokio::test]
async fn pipelines_that_overlap_each_take_a_message_once() -> Result<()> {
    let site = Site::open(&[ANOMALY, WIDE]).await?;
    site.publish("sensors/pump-1/vibration", [sample("both")])
        .await?;
    site.publish("sensors/pump-1/level", [sample("one")])
        .await?;
    let answers = site.finish(3).await?;
    let expected = [
        ("anomaly", "pump-1", "both"),
        ("wide", "pump-1", "both"),
        ("wide", "pump-1", "one"),
    ];
    assert_eq!(seen(&answers), expected);
    Ok(())
}

#[tokio::test]
async fn a_device_may_have_a_profile_of_its_own() -> Result<()> {
    let cache = compiled().await?;
    let devices = "[devices]\npump-2 = \"calm-board\"";
    let site =
        Site::open_with(|config| config.cache(cache).section(ANOMALY).section(devices)).await?;
    for device in ["pump-1", "pump-2", "pump-3"] {
        site.publish(&format!("sensors/{device}/vibration"), [sample(device)])
            .await?;
    }
    let mut engines: Vec<_> = site.finish(3).await?;
    engines.sort_by(|a, b| a.device.cmp(&b.device));
    let engines: Vec<_> = engines
        .iter()
        .map(|answer| (answer.device.as_str(), answer.text("engine")))
        .collect();
    assert_eq!(
        engines,
        [
            ("pump-1", "wasmi"),
            ("pump-2", "wasmtime"),
            ("pump-3", "wasmi")
        ]
    );
    Ok(())
}

#[tokio::test]
async fn another_root_moves_every_topic_of_the_node() -> Result<()> {
    let broker = weir_tests::Mosquitto::start().await?;
    let config = crate::site::config(broker.port())?
        .node("root = \"site-1/weir\"")
        .section(ANOMALY);
    let watcher = weir_tests::Client::connect(broker.port(), "watcher").await?;
    watcher.subscribe("site-1/weir/#").await?;
    let mut node = weir_tests::WeirProcess::spawn(&config)?;
    crate::site::logged(&mut node, crate::site::READY, 1).await?;
    watcher
        .take(
            |m| m.topic == "site-1/weir/nodes/node-1/status" && m.payload == "online",
            DEADLINE,
        )
        .await?;
    let message = weir_tests::Publication::new("sensors/pump-1/vibration", sample("x"));
    watcher.publish(message).await?;
    watcher
        .take(
            |m| m.topic == "site-1/weir/results/anomaly/pump-1",
            DEADLINE,
        )
        .await?;
    watcher
        .take(|m| m.topic == "site-1/weir/nodes/node-1/health", DEADLINE)
        .await?;
    drop(node);
    Ok(())
}
