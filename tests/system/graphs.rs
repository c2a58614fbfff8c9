//! Pipelines whose guest has the host run the graph.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use image::ExtendedColorType;
use weir_tests::repository;

use crate::{
    images::{PIXELS, golden, levels, png, softmax},
    program::{self, weir},
    site::{Site, compiled, config},
};

/// Reads digits of 8 × 8 gray pixels, on the host.
const DIGITS: &str = r#"
[pipeline.digits]
topic = "digits/{device}"
profile = "calm-board"
guest = "nn"
model = "digits"
decode = { codec = "image" }
"#;

#[tokio::test]
async fn the_host_reads_digits_as_the_models_card_says() -> Result<()> {
    let cache = compiled().await?;
    let site = Site::open_with(|config| config.cache(cache).section(DIGITS)).await?;
    let inputs = levels(&golden("inputs.f32")?)?;
    let images: Vec<&[u8]> = inputs.chunks(PIXELS).collect();
    let gray = ExtendedColorType::L8;
    let payloads = images.iter().map(|image| png(image, 8, 8, gray));
    site.publish("digits/exact", payloads.collect::<Result<Vec<_>>>()?)
        .await?;
    let answers = site.finish(u64::try_from(images.len())?).await?;
    let outputs = golden("outputs.f32")?;
    assert_eq!(answers.len(), images.len());
    for (answer, logits) in answers.iter().zip(outputs.chunks(10)) {
        let pairs = answer.output("class").into_iter().zip(softmax(logits));
        assert!(
            pairs.clone().all(|(one, other)| (one - other).abs() < 1e-4),
            "{pairs:?}"
        );
        assert!(answer.text("guest").starts_with("nn@"), "{answer}");
    }
    Ok(())
}

/// The model of the digits, for a guest that takes images as they come and makes probabilities itself.
fn digits_seen(folder: &Path) -> Result<()> {
    let (own, of) = (
        folder.join("digits-seen"),
        repository().join("models/digits"),
    );
    fs::create_dir(&own)?;
    fs::copy(of.join("model.onnx"), own.join("model.onnx"))?;
    let text = fs::read_to_string(of.join("model.toml"))?;
    let (text, _golden) = text.split_once("[golden]").context("it has golden files")?;
    let text = text.replace("name = \"digits\"", "name = \"digits-seen\"");
    let graph = "[graph]\nimage = { pixels_max = 4096 }\nsoftmax = true\n";
    fs::write(own.join("model.toml"), format!("{text}{graph}"))?;
    Ok(())
}

#[tokio::test]
async fn the_guest_prepares_images_and_makes_probabilities() -> Result<()> {
    let cache = compiled().await?;
    let folder = tempfile::tempdir()?;
    digits_seen(folder.path())?;
    let section = DIGITS.replace("\"digits\"", "\"digits-seen\"");
    let site = Site::open_with(|config| {
        let config = config.models(folder.path());
        config.cache(cache).section(&section)
    });
    let site = site.await?;
    let inputs = levels(&golden("inputs.f32")?)?;
    let images: Vec<&[u8]> = inputs.chunks(PIXELS).collect();
    let gray = ExtendedColorType::L8;
    let exact = images.iter().map(|image| png(image, 8, 8, gray));
    site.publish("digits/exact", exact.collect::<Result<Vec<_>>>()?)
        .await?;
    let twice = images
        .iter()
        .map(|image| png(&doubled(image), 16, 16, gray));
    site.publish("digits/twice", twice.collect::<Result<Vec<_>>>()?)
        .await?;
    let answers = site.finish(u64::try_from(2 * images.len())?).await?;
    let outputs = golden("outputs.f32")?;
    assert_eq!(answers.len(), 2 * images.len());
    let (exact, twice): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.device == "exact");
    for (answer, logits) in exact.iter().zip(outputs.chunks(10)) {
        let pairs = answer.output("class").into_iter().zip(softmax(logits));
        assert!(
            pairs.clone().all(|(one, other)| (one - other).abs() < 1e-4),
            "{pairs:?}"
        );
    }
    for answer in twice {
        let sum: f64 = answer.output("class").iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{answer}");
    }
    Ok(())
}

/// The image in twice its size.
fn doubled(image: &[u8]) -> Vec<u8> {
    let row = |row: &[u8]| {
        row.iter()
            .flat_map(|pixel| [*pixel; 2])
            .collect::<Vec<u8>>()
    };
    image
        .chunks(8)
        .flat_map(|line| row(line).repeat(2))
        .collect()
}

#[tokio::test]
async fn explain_names_the_backend() -> Result<()> {
    let cache = compiled().await?;
    let file = config(1)?.cache(cache).section(DIGITS);
    let file = file.write()?;
    let explained = weir(&["explain", "digits", "--config"], &[&file]).await?;
    explained.says(0, &["nn backend", "tract: built in", "wasi-nn-witx"])
}

#[tokio::test]
async fn where_onnx_runtime_is_absent_check_says_what_to_install_and_tract_is_used() -> Result<()> {
    let cache = compiled().await?;
    let asks = "inherit = \"calm-board\"\nnn_backend = \"onnxruntime\"\n";
    let config = config(1)?.cache(cache).profile("asks", asks)?;
    let section = DIGITS.replace("calm-board", "asks");
    let config = config.section(&section);
    let file = config.write()?;
    let mut command = program::command(&["check", "--offline", "--config"], &[&file])?;
    command.env("ORT_DYLIB_PATH", config.folder().join("libonnxruntime.so"));
    let checked = program::finish(command).await?;
    checked.says(
        0,
        &[
            "ORT_DYLIB_PATH names",
            "tract is used instead",
            "nn_backend",
        ],
    )
}

#[tokio::test]
async fn a_profile_without_a_backend_refuses_the_guest() -> Result<()> {
    let cache = compiled().await?;
    let grants_none = "inherit = \"calm-board\"\nnn_backend = \"none\"\n";
    let config = config(1)?
        .cache(cache)
        .profile("grants-none", grants_none)?;
    let config = config.section(&DIGITS.replace("calm-board", "grants-none"));
    let file = config.write()?;
    let checked = weir(&["check", "--offline", "--config"], &[&file]).await?;
    checked.says(3, &["wasi_ephemeral_nn", "nn_backend = \"tract\""])
}
