use anyhow::Result;

use crate::{
    site::{ANOMALY, Site},
    stream::{ids, samples},
};

#[tokio::test]
async fn the_journey_is_the_same_over_the_older_protocol() -> Result<()> {
    let site =
        Site::open_with(|config| config.broker("protocol = \"3.1.1\"").section(ANOMALY)).await?;
    site.publish("sensors/pump-1/vibration", samples("m", 50))
        .await?;
    site.publish("sensors/pump-1/vibration", ["{"]).await?;
    assert!(
        site.broker.log().contains("(p2, "),
        "Mosquitto calls MQTT 3.1.1 protocol 2:\n{}",
        site.broker.log()
    );
    let answers = site.finish(51).await?;
    let found: Vec<&str> = answers[..50].iter().map(|answer| answer.id()).collect();
    assert_eq!(found, ids("m", 50));
    assert_eq!(answers[50].text("code"), "payload_not_json");
    Ok(())
}
