use std::{fs, io::Cursor};

use anyhow::Result;
use guest_abi::{DType, Manifest, TensorInfo};
use image::{
    ExtendedColorType, ImageEncoder,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};
use weir_tests::Mosquitto;

use crate::{
    artefacts::{Shelf, with_manifest, without_manifest},
    documents::Answer,
    site::{Site, compiled, config},
};

/// Reads digits of 8 × 8 gray pixels.
const DIGITS: &str = r#"
[pipeline.digits]
topic = "digits/{device}"
profile = "calm-board"
guest = "onnx"
model = "digits"
decode = { codec = "image" }
"#;

/// Gives each image back as it would go to a model of 4 × 6 pixels in colours.
const MIRROR: &str = r#"
[pipeline.mirror]
topic = "mirror/{device}"
profile = "calm-board"
guest = "echo"
decode = { codec = "image", color = "bgr", resize = "pad", pixels_max = 4096 }
"#;

pub(crate) const PIXELS: usize = 64;

/// What the model's manifest prepares its input with.
pub(crate) fn levels(prepared: &[f32]) -> Result<Vec<u8>> {
    let text = fs::read_to_string(weir_tests::repository().join("models/digits/model.toml"))?;
    let manifest: toml::Table = text.parse()?;
    let number = |key: &str| manifest["inputs"][0][key][0].as_float().unwrap_or(f64::NAN);
    let (mean, std) = (number("mean"), number("std"));
    let level = |value: &f32| {
        let level = (f64::from(*value) * std + mean).max(0.0);
        format!("{level:.0}").parse::<u8>()
    };
    Ok(prepared.iter().map(level).collect::<Result<_, _>>()?)
}

pub(crate) fn golden(file: &str) -> Result<Vec<f32>> {
    let bytes = fs::read(
        weir_tests::repository()
            .join("models/digits/golden")
            .join(file),
    )?;
    let words = bytes.as_chunks::<4>().0;
    Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
}

pub(crate) fn png(
    pixels: &[u8],
    width: u32,
    height: u32,
    color: ExtendedColorType,
) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    PngEncoder::new(&mut out).write_image(pixels, width, height, color)?;
    Ok(out)
}

fn jpeg(pixels: &[u8], width: u32, height: u32, color: ExtendedColorType) -> Result<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut out, 95).write_image(pixels, width, height, color)?;
    Ok(out.into_inner())
}

#[tokio::test]
async fn digits_are_read_from_png_and_jpeg() -> Result<()> {
    let cache = compiled().await?;
    let site = Site::open_with(|config| config.cache(cache).section(DIGITS)).await?;
    let inputs = levels(&golden("inputs.f32")?)?;
    let images: Vec<&[u8]> = inputs.chunks(PIXELS).collect();
    let gray = ExtendedColorType::L8;
    let exact: Vec<Vec<u8>> = images
        .iter()
        .map(|image| png(image, 8, 8, gray))
        .collect::<Result<_>>()?;
    site.publish("digits/exact", exact).await?;
    let near: Vec<Vec<u8>> = images
        .iter()
        .map(|image| jpeg(image, 8, 8, gray))
        .collect::<Result<_>>()?;
    site.publish("digits/near", near).await?;
    let answers = site.finish(u64::try_from(2 * images.len())?).await?;
    let outputs = golden("outputs.f32")?;
    for device in ["exact", "near"] {
        let of: Vec<&Answer> = answers
            .iter()
            .filter(|answer| answer.device == device)
            .collect();
        assert_eq!(of.len(), images.len());
        for (answer, logits) in of.iter().zip(outputs.chunks(10)) {
            let scores = softmax(logits);
            let best = (0..10).max_by(|one, other| scores[*one].total_cmp(&scores[*other]));
            assert_eq!(
                answer.text("label"),
                best.map(|best| best.to_string()).unwrap_or_default(),
                "{answer}"
            );
            if device == "exact" {
                let pairs = answer.output("class").into_iter().zip(scores);
                assert!(
                    pairs.clone().all(|(one, other)| (one - other).abs() < 1e-4),
                    "{pairs:?}"
                );
            }
        }
    }
    Ok(())
}

pub(crate) fn softmax(logits: &[f32]) -> Vec<f64> {
    let powers: Vec<f64> = logits.iter().map(|logit| f64::from(*logit).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

async fn mirror() -> Result<Site> {
    let broker = Mosquitto::start().await?;
    let config = config(broker.port())?.section(MIRROR);
    let tensor = |name: &str| TensorInfo {
        name: name.to_owned(),
        dtype: DType::U8.code(),
        dims: vec![1, 4, 6, 3],
        len_max: 72,
    };
    let manifest = Manifest {
        inputs: vec![tensor("x")],
        outputs: vec![tensor("y")],
        ..crate::artefacts::manifest("echo")
    };
    let shelf = Shelf::of(&config)?;
    shelf.guest(
        "echo",
        &with_manifest(&without_manifest("echo")?, &manifest)?,
    )?;
    Site::open_on(broker, config).await
}

#[tokio::test]
async fn an_image_reaches_the_guest_as_the_pipeline_says() -> Result<()> {
    let site = mirror().await?;
    let orange = [250, 120, 10].repeat(12 * 4);
    let payload = png(&orange, 12, 4, ExtendedColorType::Rgb8)?;
    site.publish("mirror/a", [payload]).await?;
    let answers = site.finish(1).await?;
    let black = vec![0.0; 18];
    let expected = [black.clone(), [10.0, 120.0, 250.0].repeat(12), black].concat();
    assert_eq!(
        answers[0].output("y"),
        expected,
        "half as large, between black, blue first"
    );
    Ok(())
}

#[tokio::test]
async fn bad_images_are_rejected_with_codes() -> Result<()> {
    let site = mirror().await?;
    let rgb = ExtendedColorType::Rgb8;
    let pixels = [9; 64 * 48 * 3];
    let (good_png, good_jpeg) = (png(&pixels, 64, 48, rgb)?, jpeg(&pixels, 64, 48, rgb)?);
    let mut lying = good_png.clone();
    lying[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let header: &[u8] =
        b"\xff\xd8\xff\xc0\0\x11\x08\x75\x30\x75\x30\x03\x01\x11\0\x02\x11\0\x03\x11\0";
    let cmyk = include_bytes!("../../gateway/pipeline/src/decode/image/tests/cmyk.jpg");
    let payloads: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "payload_not_image"),
        (b"GIF89a\x08\0\x08\0\0\0\0".to_vec(), "payload_not_image"),
        (b"{\"ax\":1}".to_vec(), "payload_not_image"),
        (good_png[..good_png.len() / 2].to_vec(), "image_damaged"),
        (good_jpeg[..good_jpeg.len() / 2].to_vec(), "image_damaged"),
        (with_checksum(lying), "image_too_large"),
        (header.to_vec(), "image_too_large"),
        (animated()?, "image_animated"),
        (cmyk.to_vec(), "image_color"),
        (good_png, ""),
        (good_jpeg, ""),
    ];
    site.publish(
        "mirror/a",
        payloads.iter().map(|(payload, _)| payload.clone()),
    )
    .await?;
    let answers = site.finish(u64::try_from(payloads.len())?).await?;
    let codes: Vec<&str> = answers.iter().map(|answer| answer.text("code")).collect();
    let expected: Vec<&str> = payloads.iter().map(|(_, code)| *code).collect();
    assert_eq!(codes, expected);
    Ok(())
}

/// The PNG with the checksum of its header as it is now.
fn with_checksum(mut png: Vec<u8>) -> Vec<u8> {
    let step = |crc: u32| {
        if crc & 1 == 1 {
            crc >> 1 ^ 0xedb8_8320
        } else {
            crc >> 1
        }
    };
    let add = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    let crc = !png[12..29].iter().fold(u32::MAX, add);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

fn animated() -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, 8, 8);
    encoder.set_animated(2, 0)?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&[0; 64])?;
    writer.write_image_data(&[255; 64])?;
    writer.finish()?;
    Ok(out)
}
