use std::fs;

use anyhow::Result;
use guest_abi::Manifest;

use crate::{
    artefacts::{Shelf, fixture, manifest, with_manifest, without_manifest},
    onnx::one_operator,
    program::{self, Finished},
    site::{ANOMALY, DEADLINE, Site, compiled, config},
};

/// `weir check` and `weir run` with a guest of these bytes; both say the same.
async fn refused(name: &str, wasm: &[u8], profile: &str) -> Result<Finished> {
    let pipeline = ANOMALY.replace("guest = \"anomaly\"", &format!("guest = {name:?}"));
    let config = config(1)?.section(&pipeline.replace("calm-chip", profile));
    Shelf::of(&config)?.guest(name, wasm)?;
    let file = config.write()?;
    let ran = program::weir(&["run", "--config"], &[&file]).await?;
    ran.says(3, &["weir.toml:", "pipeline.anomaly", name])?;
    program::weir(&["check", "--offline", "--config"], &[&file]).await
}

#[tokio::test]
async fn files_that_are_no_guest_are_refused() -> Result<()> {
    let anomaly = fs::read(weir_tests::guests()?.join("anomaly.wasm"))?;
    let cut = &anomaly[..anomaly.len() / 2];
    refused("cut", cut, "calm-chip")
        .await?
        .says(3, &["pipeline.anomaly.guest", "cut off"])?;
    refused("poem", b"Roses are red", "calm-chip")
        .await?
        .says(3, &["not a WebAssembly module"])?;
    refused("empty", b"", "calm-chip")
        .await?
        .says(3, &["pipeline.anomaly.guest", "empty"])?;
    let bare = without_manifest("echo")?;
    refused("bare", &bare, "calm-chip")
        .await?
        .says(3, &["no section weir.manifest"])?;
    refused("renamed", &anomaly, "calm-chip")
        .await?
        .says(3, &["anomaly"])
}

#[tokio::test]
async fn a_guest_that_lies_is_refused() -> Result<()> {
    let lie = |change: fn(&mut Manifest)| {
        let mut lies = manifest("liar");
        change(&mut lies);
        with_manifest(&without_manifest("echo")?, &lies)
    };
    let model = lie(|manifest| manifest.model_format = "onnx".to_owned())?;
    refused("liar", &model, "calm-board")
        .await?
        .says(3, &["contradicts itself", "load_model"])?;
    let abi = lie(|manifest| manifest.abi = 7 << 16)?;
    refused("liar", &abi, "calm-board")
        .await?
        .says(3, &["ABI 7"])?;
    let size = lie(|manifest| manifest.inputs[0].len_max = u32::MAX)?;
    refused("liar", &size, "calm-board")
        .await?
        .says(3, &["pipeline.anomaly.guest"])?;
    let twice = lie(|manifest| manifest.outputs.push(manifest.outputs[0].clone()))?;
    refused("liar", &twice, "calm-board")
        .await?
        .says(3, &["pipeline.anomaly.guest"])?;
    let simd = with_manifest(&without_manifest("uses_simd")?, &manifest("liar"))?;
    refused("liar", &simd, "calm-board")
        .await?
        .says(3, &["does not list", "simd"])
}

#[tokio::test]
async fn what_a_guest_must_not_do_is_named() -> Result<()> {
    for (name, words) in [
        ("start", "start function"),
        ("imports_unknown", "wasi_snapshot_preview1.fd_write"),
        ("predict_missing", "does not export predict"),
        ("memory_missing", "memory"),
        ("uses_memory64", "memory64"),
    ] {
        let checked = refused(name, &fixture(name)?, "calm-board").await?;
        checked.says(3, &["pipeline.anomaly.guest", words])?;
    }
    let simd = fixture("uses_simd")?;
    refused("uses_simd", &simd, "calm-chip")
        .await?
        .says(3, &["simd", "microcontroller"])?;
    let unbounded = fixture("grows_memory")?;
    refused("grows_memory", &unbounded, "calm-chip")
        .await?
        .says(3, &["maximum for its memory"])
}

#[tokio::test]
async fn a_guest_that_does_not_open_is_refused() -> Result<()> {
    for (name, words) in [
        ("buffer_outside", "weir_buffer"),
        ("open_fails", "weir_open"),
        ("buffer_misaligned", "weir_buffer"),
    ] {
        let checked = refused(name, &fixture(name)?, "calm-board").await?;
        checked.says(3, &["pipeline.anomaly", words])?;
    }
    Ok(())
}

fn pipeline(model: &str) -> String {
    format!(
        "[pipeline.made]\ntopic = \"made/{{device}}\"\nprofile = \"calm-board\"\nguest = \"onnx\"\nmodel = {model:?}\n\
         decode = {{ codec = \"json\", fields = [\"/x\"] }}"
    )
}

#[tokio::test]
async fn a_model_that_cannot_run_is_refused_with_its_fault() -> Result<()> {
    let cache = compiled().await?;
    let relu = one_operator("Relu", &[1, 3]);
    for (name, onnx, words) in [
        ("poem", b"Roses are red".to_vec(), "not an ONNX file"),
        ("cut", relu[..relu.len() / 2].to_vec(), "model"),
        (
            "strange",
            one_operator("FrobnicateV2", &[1, 3]),
            "FrobnicateV2",
        ),
    ] {
        let config = config(1)?.cache(cache).section(&pipeline(name));
        Shelf::of(&config)?.model(name, &onnx, &[1, 3])?;
        let file = config.write()?;
        let checked = program::weir(&["check", "--offline", "--config"], &[&file]).await?;
        checked.says(3, &["pipeline.made", words])?;
        let ran = program::weir(&["run", "--config"], &[&file]).await?;
        ran.says(3, &["pipeline.made", words])?;
    }
    let config = config(1)?.cache(cache).section(&pipeline("swapped"));
    let digest = "0".repeat(64);
    Shelf::of(&config)?.model_with_digest("swapped", &relu, &[1, 3], &digest)?;
    let checked = program::weir(&["check", "--offline", "--config"], &[config.write()?]).await?;
    checked.says(3, &["pipeline.made.model", "SHA-256", &digest])
}

#[tokio::test]
async fn a_model_of_one_operator_runs() -> Result<()> {
    let cache = compiled().await?;
    let broker = weir_tests::Mosquitto::start().await?;
    let config = config(broker.port())?
        .cache(cache)
        .section(&pipeline("relu"));
    Shelf::of(&config)?.model("relu", &one_operator("Relu", &[1, 3]), &[1, 3])?;
    let site = Site::open_on(broker, config).await?;
    let request = weir_tests::Publication::new("made/hand", r#"{"x":[-1.5,0,2.5]}"#);
    let reply = site.sensor.request(request, DEADLINE).await?.json()?;
    assert_eq!(
        reply["outputs"][0]["data"],
        serde_json::json!([0.0, 0.0, 2.5]),
        "{reply}"
    );
    assert!(
        reply.get("label").is_none(),
        "without labels there is none: {reply}"
    );
    Ok(())
}
