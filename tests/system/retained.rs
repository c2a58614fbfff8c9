use anyhow::Result;
use weir_tests::{Client, Mosquitto, Publication};

use crate::{
    documents::Answer,
    site::{ANOMALY, Site, config},
    stream::sample,
};

/// Wants what the broker has kept, too.
const KEPT: &str = r#"
[pipeline.kept]
topic = "sensors/{device}/vibration"
retained = true
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "json", fields = ["/ax", "/ay", "/az"], id = "/id" }
"#;

async fn site_with_a_kept_message(sections: &[&str]) -> Result<Site> {
    let broker = Mosquitto::start().await?;
    let sensor = Client::connect(broker.port(), "early").await?;
    let kept = Publication::new("sensors/pump-1/vibration", sample("kept")).retained();
    sensor.publish(kept).await?;
    let config = config(broker.port())?;
    let config = sections
        .iter()
        .fold(config, |config, text| config.section(text));
    Site::open_on(broker, config).await
}

fn seen(answers: &[Answer]) -> Vec<(&str, &str)> {
    let mut seen: Vec<_> = answers
        .iter()
        .map(|answer| (answer.pipeline.as_str(), answer.id()))
        .collect();
    seen.sort_unstable();
    seen
}

#[tokio::test]
async fn what_the_broker_has_kept_is_left_alone() -> Result<()> {
    let site = site_with_a_kept_message(&[ANOMALY]).await?;
    // Live, although the broker is asked to keep it.
    let live = Publication::new("sensors/pump-1/vibration", sample("live")).retained();
    site.sensor.publish(live).await?;
    assert_eq!(seen(&site.finish(1).await?), [("anomaly", "live")]);
    Ok(())
}

#[tokio::test]
async fn a_pipeline_may_want_what_the_broker_has_kept() -> Result<()> {
    let site = site_with_a_kept_message(&[ANOMALY, KEPT]).await?;
    site.publish("sensors/pump-1/vibration", [sample("live")])
        .await?;
    let expected = [("anomaly", "live"), ("kept", "kept"), ("kept", "live")];
    assert_eq!(seen(&site.finish(3).await?), expected);
    Ok(())
}
