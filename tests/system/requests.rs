use anyhow::Result;
use weir_tests::{Client, Publication};

use crate::{
    documents::Answer,
    site::{ANOMALY, DEADLINE, Site},
    stream::sample,
};

const TOPIC: &str = "sensors/pump-1/vibration";

/// Answers where it is asked, and nowhere else.
const REPLY_ONLY: &str = r#"
[pipeline.anomaly]
topic = "sensors/{device}/vibration"
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "json", fields = ["/ax", "/ay", "/az"], id = "/id" }
result = { reply_only = true }
"#;

#[tokio::test]
async fn a_request_is_answered_where_it_asks_and_on_the_result_topic() -> Result<()> {
    let site = Site::open(&[ANOMALY]).await?;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = Publication::new(TOPIC, sample("r1"))
        .user_property("traceparent", trace)
        .user_property("other", "x");
    let reply = site.sensor.request(request, DEADLINE).await?;
    assert_eq!(reply.json()?["id"], "r1");
    assert_eq!(
        reply.properties.content_type.as_deref(),
        Some("application/json")
    );
    assert_eq!(reply.user_property("traceparent"), Some(trace));
    assert_eq!(
        reply.user_property("other"),
        None,
        "what Weir does not know it does not repeat"
    );
    let bad = site
        .sensor
        .request(Publication::new(TOPIC, "{}"), DEADLINE)
        .await?;
    assert_eq!(
        bad.json()?["code"],
        "payload_field_missing",
        "a reject is an answer too"
    );
    let answers = site.finish(2).await?;
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0].id(), "r1");
    assert_eq!(answers[0].message.user_property("traceparent"), Some(trace));
    assert_eq!(answers[0].message.properties.correlation_data, None);
    Ok(())
}

#[tokio::test]
async fn with_reply_only_the_result_goes_to_the_asker_alone() -> Result<()> {
    let site = Site::open(&[REPLY_ONLY]).await?;
    let reply = site
        .sensor
        .request(Publication::new(TOPIC, sample("asked")), DEADLINE)
        .await?;
    assert_eq!(reply.json()?["id"], "asked");
    site.publish(TOPIC, [sample("told")]).await?;
    let answers = site.finish(2).await?;
    let ids: Vec<&str> = answers.iter().map(Answer::id).collect();
    assert_eq!(
        ids,
        ["told"],
        "who asks for no reply is answered on the result topic"
    );
    Ok(())
}

#[tokio::test]
async fn the_identity_of_a_cloud_event_is_the_results() -> Result<()> {
    let site = Site::open(&[ANOMALY]).await?;
    let event = |payload: &str| {
        let message = Publication::new(TOPIC, payload.to_owned());
        message
            .user_property("specversion", "1.0")
            .user_property("id", "event-7")
    };
    site.sensor
        .publish(event(r#"{"ax":1,"ay":2,"az":3}"#))
        .await?;
    site.sensor.publish(event(&sample("own"))).await?;
    let plain =
        Publication::new(TOPIC, r#"{"ax":1,"ay":2,"az":3}"#).user_property("id", "no event");
    site.sensor.publish(plain).await?;
    let answers = site.finish(3).await?;
    let ids: Vec<&str> = answers.iter().map(Answer::id).collect();
    assert_eq!(ids[..2], ["event-7", "own"]);
    assert!(ids[2].starts_with("node-1/anomaly/pump-1/"), "{ids:?}");
    Ok(())
}

#[tokio::test]
async fn a_response_topic_that_would_do_harm_gets_nothing() -> Result<()> {
    let site = Site::open(&[ANOMALY]).await?;
    let evil = [
        "sensors/pump-1/vibration",
        "sensors/another/vibration",
        "weir/results/anomaly/pump-9",
        "weir/rejects/anomaly/pump-9",
        "weir/nodes/node-1/status",
        "$SYS/weir",
    ];
    let spy = Client::connect(site.broker.port(), "spy").await?;
    for filter in ["sensors/#", "$SYS/weir"] {
        spy.subscribe(filter).await?;
    }
    for (number, topic) in evil.iter().enumerate() {
        let request = Publication::new(TOPIC, sample(&format!("e{number}"))).response_topic(topic);
        site.sensor
            .publish(request.correlation_data("evil"))
            .await?;
    }
    let count = evil.len();
    site.settled(u64::try_from(count)?).await?;
    let log = site.node.log();
    let answers = site.stop().await?;
    assert_eq!(answers.len(), count, "each has its result, once");
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(
            (answer.device.as_str(), answer.id()),
            ("pump-1", format!("e{number}").as_str())
        );
    }
    let spied = spy.collect(count, DEADLINE).await?;
    assert!(
        spied.iter().all(|message| message.topic == TOPIC),
        "only what the sensor published"
    );
    assert!(log.contains("no reply"), "it is said in the log:\n{log}");
    Ok(())
}
