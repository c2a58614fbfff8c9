use std::collections::BTreeMap;

use anyhow::Result;
use weir_tests::Publication;

use crate::{
    documents::{Answer, pipelines},
    site::{ANOMALY, Site},
    stream::sample,
};

const RAW: &str = r#"
[pipeline.raw]
topic = "raw/{device}"
profile = "small"
guest = "anomaly"
decode = { codec = "raw", dtype = "i16" }

[pipeline.floats]
topic = "floats/{device}"
profile = "small"
guest = "anomaly"
decode = { codec = "raw", dtype = "f32" }

[pipeline.message]
topic = "packed/{device}"
profile = "small"
guest = "anomaly"
decode = { codec = "postcard" }
"#;

/// Takes payloads of 64 bytes.
const SMALL: &str = "inherit = \"calm-chip\"\n[limits]\npayload_bytes_max = 64\n";

const JSON: [(&str, &str); 11] = [
    ("{", "payload_not_json"),
    ("", "payload_not_json"),
    (r#"{"ax":NaN,"ay":2,"az":3}"#, "payload_not_json"),
    (r#"{"ax":1,"ay":2}"#, "payload_field_missing"),
    (r"{}", "payload_field_missing"),
    (r#"{"ax":1,"ay":"2","az":3}"#, "payload_field_type"),
    (r#"{"ax":1,"ay":null,"az":3}"#, "payload_field_type"),
    (r#"{"ax":{"x":1},"ay":2,"az":3}"#, "payload_field_type"),
    (r#"{"ax":1e999,"ay":2,"az":3}"#, "payload_not_finite"),
    (r#"{"ax":[1,2],"ay":[1],"az":[1,2]}"#, "payload_shape"),
    (
        r#"{"ax":[1,2,3,4,5,6],"ay":[1,2,3,4,5,6],"az":[1,2,3,4,5,6]}"#,
        "input_too_large",
    ),
];

#[tokio::test]
async fn what_is_wrong_with_a_payload_has_a_code() -> Result<()> {
    let site = Site::open(&[ANOMALY]).await?;
    let topic = "sensors/pump-1/vibration";
    site.publish(topic, JSON.iter().map(|(payload, _)| *payload))
        .await?;
    site.publish(topic, [vec![0xff, 0xfe]]).await?;
    site.publish(topic, [sample("well")]).await?;
    let count = u64::try_from(JSON.len())? + 2;
    let health = site.settled(count).await?;
    let answers = site.stop().await?;
    for (answer, (payload, code)) in answers.iter().zip(JSON) {
        assert_eq!(answer.text("code"), code, "{answer}");
        assert_eq!(answer.text("excerpt"), payload.get(..64).unwrap_or(payload));
        assert_eq!(answer.text("topic"), topic);
        assert_eq!(answer.message.topic, "weir/rejects/anomaly/pump-1");
        assert!(!answer.text("message").is_empty(), "in words too");
    }
    assert_eq!(answers[JSON.len()].text("code"), "payload_not_json");
    assert_eq!(answers[JSON.len()].text("excerpt"), "0xfffe");
    let last = answers.last().expect("as many as were sent");
    assert!(
        last.is_result && last.id() == "well",
        "the service lives on: {last}"
    );
    assert_eq!(
        codes(&answers),
        counted(&health),
        "health counts by the same codes"
    );
    Ok(())
}

#[tokio::test]
async fn numbers_without_a_header_must_be_right_to_the_byte() -> Result<()> {
    let config = |config: weir_tests::NodeConfig| config.section(RAW);
    let broker = weir_tests::Mosquitto::start().await?;
    let config = config(crate::site::config(broker.port())?).profile("small", SMALL)?;
    let site = Site::open_on(broker, config).await?;
    let nan: Vec<u8> = [1.0, f32::NAN]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let messages: [(&str, Vec<u8>, &str); 7] = [
        ("raw/a", vec![1, 0, 2], "payload_length"),
        ("raw/a", Vec::new(), "payload_length"),
        ("raw/a", vec![0; 65], "payload_too_large"),
        ("raw/a", vec![1, 0, 2, 0], ""),
        ("floats/a", nan, "payload_not_finite"),
        ("floats/a", 1.5_f32.to_le_bytes().to_vec(), ""),
        ("packed/a", vec![0xff; 9], "payload_not_postcard"),
    ];
    for (topic, payload, _) in &messages {
        site.sensor
            .publish(Publication::new(*topic, payload.clone()))
            .await?;
    }
    let mut answers = site.finish(7).await?;
    answers.sort_by_key(|answer| {
        ["raw", "floats", "message"]
            .iter()
            .position(|name| *name == answer.pipeline)
    });
    let found: Vec<&str> = answers.iter().map(|answer| answer.text("code")).collect();
    assert_eq!(found, messages.map(|(_, _, code)| code));
    assert_eq!(answers[3].output("zscore").len(), 2);
    Ok(())
}

fn codes(answers: &[Answer]) -> BTreeMap<String, u64> {
    let mut codes = BTreeMap::new();
    for answer in answers.iter().filter(|answer| !answer.is_result) {
        *codes.entry(answer.text("code").to_owned()).or_default() += 1;
    }
    codes
}

fn counted(health: &serde_json::Value) -> BTreeMap<String, u64> {
    let rejects = pipelines(health)
        .flat_map(|pipeline| pipeline["rejects"].as_object().into_iter().flatten());
    rejects
        .map(|(code, count)| (code.clone(), count.as_u64().unwrap_or(0)))
        .collect()
}
