//! Several models behind one pipeline: a message names its model, and those that are not used make room.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use weir_tests::{Mosquitto, NodeConfig, Publication};

use crate::{
    documents::{Answer, pipelines},
    program,
    site::{Site, config},
};

/// Bands of a spectrum, or a handwritten digit: the message says which. One model at a time has room.
const NAMED: &str = r#"
[pipeline.named]
topic = "named/{device}"
profile = "tight-board"
guest = "tinynn"
model = "vibration-bands-int8"
models = ["digits-int8"]
decode = { codec = "json", fields = ["/x"], model_id = "/model_id", mean = 0, std = 1 }
"#;

/// The same without a document around the numbers.
const BARE: &str = r#"
[pipeline.bare]
topic = "bare/{device}"
profile = "calm-board"
guest = "tinynn"
model = "vibration-bands-int8"
models = ["digits-int8"]
decode = { codec = "raw", mean = 0, std = 1 }
"#;

const TIGHT: &str = "inherit = \"calm-board\"\n[limits]\nloaded_models_kib_max = 64\n";

/// A model's first golden input, its sizes and its labels.
struct Golden {
    model: &'static str,
    input: Vec<f32>,
    /// Softmax of the golden output.
    scores: Vec<f64>,
}

impl Golden {
    fn read(model: &'static str, inputs: usize, outputs: usize) -> Result<Self> {
        let folder = weir_tests::repository().join("models").join(model);
        let numbers = |name: &str, count: usize| -> Result<Vec<f32>> {
            let bytes = fs::read(folder.join("golden").join(name))?;
            let words = bytes.as_chunks::<4>().0.iter().take(count);
            Ok(words.map(|word| f32::from_le_bytes(*word)).collect())
        };
        let logits = numbers("outputs.f32", outputs)?;
        let raised: Vec<f64> = logits.iter().map(|logit| f64::from(*logit).exp()).collect();
        let sum: f64 = raised.iter().sum();
        Ok(Self {
            model,
            input: numbers("inputs.f32", inputs)?,
            scores: raised.iter().map(|score| score / sum).collect(),
        })
    }

    fn bands() -> Result<Self> {
        Self::read("vibration-bands-int8", 32, 4)
    }

    fn digits() -> Result<Self> {
        Self::read("digits-int8", 64, 10)
    }

    fn bytes(&self) -> Vec<u8> {
        let words = self.input.iter().flat_map(|number| number.to_le_bytes());
        words.collect()
    }

    /// Checks that a result is this model's, from this input.
    fn check(&self, answer: &Answer) {
        assert!(answer.is_result, "{answer}");
        assert_eq!(
            answer.text("model_version"),
            format!("{}@1.0.0", self.model)
        );
        let found = answer.output("class");
        assert_eq!(found.len(), self.scores.len(), "{answer}");
        for (expected, found) in self.scores.iter().zip(found) {
            assert!((expected - found).abs() < 1e-4, "{expected}: {answer}");
        }
    }
}

fn document(values: &Value, model: Option<&str>) -> String {
    let mut document = json!({ "x": values });
    if let Some(model) = model {
        document["model_id"] = json!(model);
    }
    document.to_string()
}

fn with(sections: &[&str]) -> Result<NodeConfig> {
    let config = config(1)?.profile("tight-board", TIGHT)?;
    Ok(sections
        .iter()
        .fold(config, |config, text| config.section(text)))
}

#[tokio::test]
async fn a_payload_names_its_model_and_the_other_makes_room() -> Result<()> {
    let (bands, digits) = (Golden::bands()?, Golden::digits()?);
    let broker = Mosquitto::start().await?;
    let config = config(broker.port())?
        .profile("tight-board", TIGHT)?
        .section(NAMED);
    let site = Site::open_on(broker, config).await?;
    let rows: Vec<&[f32]> = digits.input.chunks(8).collect();
    let (spectrum, image) = (json!(bands.input), json!(rows));
    let messages = [
        document(&spectrum, None),
        document(&image, Some("digits-int8")),
        document(&spectrum, Some("vibration-bands-int8")),
        document(&spectrum, Some("vibration-int8")),
        document(&image, Some("digits-int8")),
        document(&image, Some("digits-int8")),
        document(&image, None),
    ];
    site.publish("named/one", messages).await?;
    let health = site.settled(7).await?;
    let named = pipelines(&health).next().context("a pipeline")?;
    assert_eq!(named["model"], "vibration-bands-int8@1.0.0");
    let models = json!({ "allowed": ["digits-int8@1.0.0"], "reopened": 3 });
    assert_eq!(named["models"], models, "once for each change of model");
    let answers = site.stop().await?;
    assert_eq!(answers.len(), 7);
    for (place, golden) in [
        (0, &bands),
        (1, &digits),
        (2, &bands),
        (4, &digits),
        (5, &digits),
    ] {
        golden.check(&answers[place]);
    }
    let refused = &answers[3];
    assert_eq!(refused.text("code"), "model_not_allowed", "{refused}");
    let words = refused.text("message");
    assert!(
        words.contains("vibration-bands-int8, digits-int8"),
        "{refused}"
    );
    assert_eq!(answers[6].text("code"), "payload_shape", "{}", answers[6]);
    Ok(())
}

#[tokio::test]
async fn a_property_names_the_model_of_bare_numbers() -> Result<()> {
    let (bands, digits) = (Golden::bands()?, Golden::digits()?);
    let site = Site::open(&[BARE]).await?;
    let message = |golden: &Golden, model: Option<&str>| {
        let message = Publication::new("bare/one", golden.bytes());
        match model {
            Some(model) => message.user_property("model_id", model),
            None => message,
        }
    };
    let messages = [
        message(&digits, Some("digits-int8")),
        message(&bands, None),
        message(&digits, Some("no such model")),
        message(&digits, None),
    ];
    site.sensor.publish_all(messages).await?;
    let health = site.settled(4).await?;
    let bare = pipelines(&health).next().context("a pipeline")?;
    assert_eq!(bare["models"]["reopened"], 0, "there is room for both");
    let answers = site.stop().await?;
    digits.check(&answers[0]);
    bands.check(&answers[1]);
    assert_eq!(answers[2].text("code"), "model_not_allowed");
    assert_eq!(answers[3].text("code"), "payload_length");
    Ok(())
}

#[tokio::test]
async fn check_and_explain_show_each_model() -> Result<()> {
    let file = with(&[NAMED])?;
    let file = (file.write()?, file);
    let checked = program::weir(&["check", "--offline", "--config"], &[&file.0]).await?;
    checked.says(
        0,
        &[
            "with vibration-bands-int8@1.0.0 opens",
            "with digits-int8@1.0.0 opens",
        ],
    )?;
    let explained = program::weir(&["explain", "named", "--config"], &[&file.0]).await?;
    explained.says(
        0,
        &[
            "digits-int8@1.0.0 (image f32 1×1×8×8)",
            "/model_id of the payload, else the user property model_id",
            "open at once in 64 KiB",
        ],
    )
}

#[tokio::test]
async fn a_model_is_named_by_hand() -> Result<()> {
    let config = with(&[BARE])?;
    let payload = config.folder().join("digit.f32");
    fs::write(&payload, Golden::digits()?.bytes())?;
    let words = ["test", "bare", "--model-id", "digits-int8", "--config"];
    let mut command = program::command(&words, &[config.write()?])?;
    command.arg("--input").arg(&payload);
    let tested = program::finish(command).await?;
    tested.says(0, &["\"model_version\":\"digits-int8@1.0.0\""])
}

#[tokio::test]
async fn a_further_model_that_does_not_fit_is_refused_by_its_name() -> Result<()> {
    for (models, words) in [
        (
            "[\"digits\"]",
            [
                "pipeline.named.models",
                "with model digits",
                "has format onnx",
            ],
        ),
        (
            "[\"nobody\"]",
            [
                "pipeline.named.models",
                "with model nobody",
                "there is no model nobody",
            ],
        ),
    ] {
        let config = with(&[&NAMED.replace("[\"digits-int8\"]", models)])?;
        let checked =
            program::weir(&["check", "--offline", "--config"], &[config.write()?]).await?;
        checked.says(3, &words)?;
    }
    let sampled = NAMED.replace("decode", "window = { size = 8 }\ndecode");
    let config = with(&[&sampled])?;
    let checked = program::weir(&["check", "--offline", "--config"], &[config.write()?]).await?;
    checked.says(0, &["with digits-int8@1.0.0 opens"])?;
    let sampled = sampled.replace("[\"digits-int8\"]", "[\"vibration-int8\"]");
    let config = with(&[&sampled])?;
    let checked = program::weir(&["check", "--offline", "--config"], &[config.write()?]).await?;
    checked.says(
        3,
        &["pipeline.named", "with model vibration-int8", "1×3×128"],
    )
}
