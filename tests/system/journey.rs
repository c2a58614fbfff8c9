use std::fs;

use anyhow::{Context, Result};
use vibration_generator::Condition;
use weir_tests::Publication;

use crate::{
    documents::Answer,
    site::{ANOMALY, DEADLINE, Site, VIBRATION, compiled},
    stream::{pump, sample},
};

/// The model's first input as it takes it, without a window: what the golden files hold.
const GOLDEN: &str = r#"
[pipeline.golden]
topic = "golden/{device}"
profile = "calm-board"
guest = "onnx"
model = "vibration"
decode = { codec = "raw", dtype = "f32", mean = 0, std = 1 }
result = { softmax = false, retain = true }
"#;

#[tokio::test]
async fn a_pumps_condition_is_told_from_its_vibration() -> Result<()> {
    let cache = compiled().await?;
    let site =
        Site::open_with(|config| config.cache(cache).section(VIBRATION).section(ANOMALY)).await?;
    for condition in Condition::ALL {
        let topic = format!("sensors/pump-{}/vibration", condition.label());
        site.publish(&topic, pump(condition, 1)).await?;
    }
    let answers = site.finish(2 * 4 * 128).await?;
    let of = |pipeline: &str| -> Vec<&Answer> {
        answers
            .iter()
            .filter(|answer| answer.is_result && answer.pipeline == pipeline)
            .collect()
    };
    assert_eq!(answers.len(), 4 + 4 * 128);
    assert_eq!(of("anomaly").len(), 4 * 128);
    for (answer, condition) in of("vibration").into_iter().zip(Condition::ALL) {
        assert_eq!(answer.device, format!("pump-{}", condition.label()));
        assert_eq!(answer.text("label"), condition.label(), "{answer}");
        assert_eq!(answer.id(), format!("{}-1-127", condition.label()));
        assert!(answer.number("confidence") > 0.5, "{answer}");
        let scores = answer.output("class");
        assert_eq!(scores.len(), 4);
        assert!(
            (scores.iter().sum::<f64>() - 1.0).abs() < 1e-4,
            "softmax: {answer}"
        );
        assert_eq!(answer.text("engine"), "wasmtime");
        assert_eq!(answer.text("model_version"), "vibration@1.0.0");
        assert!(answer.text("guest").starts_with("onnx@"));
    }
    let first = of("anomaly")[0];
    assert_eq!(first.text("engine"), "wasmi");
    assert_eq!(first.text("label"), "normal");
    assert!(first.document.get("model_version").is_none());
    assert_eq!(
        first.message.properties.content_type.as_deref(),
        Some("application/json")
    );
    assert_eq!(first.message.topic, "weir/results/anomaly/pump-normal");
    Ok(())
}

#[tokio::test]
async fn golden_inputs_give_golden_outputs() -> Result<()> {
    let cache = compiled().await?;
    let site = Site::open_with(|config| config.cache(cache).section(GOLDEN)).await?;
    let golden = weir_tests::repository().join("models/vibration/golden");
    let inputs = fs::read(golden.join("inputs.f32"))?;
    let outputs = fs::read(golden.join("outputs.f32"))?;
    let count = outputs.len() / 16;
    assert_eq!(count, 16);
    let payloads = inputs.chunks(inputs.len() / count).map(<[u8]>::to_vec);
    site.publish("golden/pump", payloads).await?;
    let answers = site.answers(count).await?;
    let expected = outputs.as_chunks::<16>().0;
    for (answer, expected) in answers.iter().zip(expected) {
        let logits = expected
            .as_chunks::<4>()
            .0
            .iter()
            .map(|word| f32::from_le_bytes(*word));
        let found = answer.output("class");
        assert_eq!(found.len(), 4, "{answer}");
        for (expected, found) in logits.zip(found) {
            assert!(
                (f64::from(expected) - found).abs() <= 1e-4,
                "{expected}: {answer}"
            );
        }
    }
    let late = weir_tests::Client::connect(site.broker.port(), "late").await?;
    late.subscribe("weir/results/golden/pump").await?;
    let kept = late.take(|message| message.retained, DEADLINE).await;
    let kept = Answer::read(kept.context("`retain = true` keeps the last result")?)?;
    assert_eq!(Some(kept.id()), answers.last().map(Answer::id));
    Ok(())
}

#[tokio::test]
async fn a_sample_without_identity_gets_one_of_the_nodes() -> Result<()> {
    let site = Site::open(&[ANOMALY]).await?;
    let topic = "sensors/pump-7/vibration";
    site.publish(
        topic,
        [r#"{"ax":1,"ay":2,"az":3}"#, r#"{"ax":1,"ay":2,"az":3}"#],
    )
    .await?;
    site.sensor
        .publish(Publication::new(topic, sample("mine")).at_most_once())
        .await?;
    let answers = site.finish(3).await?;
    let ids: Vec<&str> = answers.iter().map(Answer::id).collect();
    assert!(
        ids[..2]
            .iter()
            .all(|id| id.starts_with("node-1/anomaly/pump-7/")),
        "{ids:?}"
    );
    assert_ne!(ids[0], ids[1]);
    assert_eq!(ids[2], "mine");
    Ok(())
}
