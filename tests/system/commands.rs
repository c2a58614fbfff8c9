use std::fs;

use anyhow::Result;
use serde_json::Value;
use tokio::{io::AsyncWriteExt, process::Command};
use vibration_generator::Condition;

use crate::{
    program::{self, Finished, weir},
    site::{ANOMALY, VIBRATION, compiled, config},
    stream::{pump, sample},
};

#[tokio::test]
async fn help_and_version_say_what_there_is() -> Result<()> {
    let help = weir::<_, &str>(&["--help"], &[]).await?;
    help.says(
        0,
        &[
            "run",
            "check",
            "explain",
            "test",
            "guest",
            "demo",
            "broker",
            "schema",
            "Exit codes",
            "weir demo",
        ],
    )?;
    let version = weir::<_, &str>(&["--version"], &[]).await?;
    version.says(0, &["weir 0."])?;
    for command in [
        "run", "check", "explain", "test", "demo", "broker", "schema",
    ] {
        weir(&[command], &["--help"])
            .await?
            .says(0, &["Usage: weir"])?;
    }
    weir(&["guest"], &["--help"])
        .await?
        .says(0, &["inspect", "test"])?;
    weir::<_, &str>(&["exlain"], &[])
        .await?
        .says(2, &["explain"])
}

#[tokio::test]
async fn explain_shows_the_choice_its_reason_and_each_limit() -> Result<()> {
    let cache = compiled().await?;
    let devices = "[devices]\npump-2 = \"calm-board\"";
    let config = config(1)?.cache(cache).section(ANOMALY).section(devices);
    let file = config.write()?;
    let explained = weir(&["explain", "anomaly", "--config"], &[&file]).await?;
    explained.says(
        0,
        &[
            "wasmi",
            "microcontroller",
            "sensors/+/vibration",
            "anomaly@",
        ],
    )?;
    explained.says(
        0,
        &[
            "guest_memory_kib_max",
            "cortex-m4-256k",
            "calm-chip",
            "60000",
        ],
    )?;
    let device = weir(
        &["explain", "anomaly", "--device", "pump-2", "--config"],
        &[&file],
    )
    .await?;
    device.says(0, &["wasmtime", "calm-board", "pi-4"])?;
    weir(&["explain", "anomalie", "--config"], &[&file])
        .await?
        .says(3, &["anomalie", "anomaly"])
}

#[tokio::test]
async fn a_payload_goes_through_a_pipeline_without_a_broker() -> Result<()> {
    let cache = compiled().await?;
    let config = config(1)?.cache(cache).section(ANOMALY).section(VIBRATION);
    let (file, payload) = (config.write()?, config.folder().join("payload.json"));
    fs::write(&payload, sample("by hand"))?;
    let mut command = program::command(
        &["test", "anomaly", "--device", "pump-9", "--config"],
        &[&file],
    )?;
    command.arg("--input").arg(&payload);
    let tested = program::finish(command).await?;
    tested.says(
        0,
        &[
            "weir/results/anomaly/pump-9",
            "by hand",
            "zscore",
            "f32 [3]",
        ],
    )?;

    fs::write(&payload, pump(Condition::BearingFault, 1).join("\n"))?;
    let mut command = program::command(&["test", "vibration", "--config"], &[&file])?;
    command.arg("--input").arg(&payload);
    program::finish(command)
        .await?
        .says(0, &["bearing_fault", "f32 [1, 3, 128]", "127 payloads"])?;

    let rejected = piped(
        program::command(&["test", "anomaly", "--input", "-", "--config"], &[&file])?,
        b"{",
    )
    .await?;
    rejected.says(4, &["payload_not_json", "weir/rejects/anomaly/test-device"])
}

/// Runs a command with this on its standard input.
async fn piped(mut command: Command, input: &[u8]) -> Result<Finished> {
    let pipe = std::process::Stdio::piped;
    let mut child = command
        .stdin(pipe())
        .stdout(pipe())
        .stderr(pipe())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input).await?;
    drop(stdin);
    let output = child.wait_with_output().await?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Finished {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    })
}

#[tokio::test]
async fn a_guest_shows_what_it_is_and_what_it_gives() -> Result<()> {
    let cache = compiled().await?;
    let config = config(1)?.cache(cache);
    let file = config.write()?;
    let inspected = weir(&["guest", "inspect", "anomaly", "--config"], &[&file]).await?;
    inspected.says(
        0,
        &[
            "anomaly@",
            "abi",
            "1.0",
            "input",
            "value f32",
            "state_next",
            "normal, anomaly",
        ],
    )?;
    inspected.says(0, &["cortex-m4-256k", "pi-4", "accepts it"])?;
    let large = weir(&["guest", "inspect", "onnx", "--config"], &[&file]).await?;
    large.says(0, &["stated by the model", "simd", "refuses it"])?;
    let path = weir_tests::guests()?.join("anomaly.wasm");
    let mut command = program::command(&["guest", "inspect"], &[&path])?;
    command.arg("--config").arg(&file);
    program::finish(command).await?.says(0, &["anomaly@"])?;
    let words = [
        "guest",
        "test",
        "onnx",
        "--model",
        "vibration",
        "--profile",
        "calm-board",
        "--config",
    ];
    weir(&words, &[&file])
        .await?
        .says(0, &["ok: wasmtime: 16 calls", "golden outputs"])?;
    let words = [
        "guest",
        "test",
        "anomaly",
        "--profile",
        "calm-chip",
        "--config",
    ];
    weir(&words, &[&file]).await?.says(0, &["ok: wasmi"])?;
    weir(&["guest", "inspect", "nobody", "--config"], &[&file])
        .await?
        .says(3, &["nobody"])
}

#[tokio::test]
async fn schemas_are_those_that_are_published() -> Result<()> {
    for (name, file) in [
        ("config", "docs/schemas/config.schema.json"),
        ("profile", "device-profiles/schema.json"),
        ("result", "docs/schemas/result.schema.json"),
        ("reject", "docs/schemas/reject.schema.json"),
        ("health", "docs/schemas/health.schema.json"),
    ] {
        let printed = weir(&["schema"], &[name]).await?;
        printed.says(0, &["$schema"])?;
        let published = fs::read_to_string(weir_tests::repository().join(file))?;
        let (printed, published): (Value, Value) = (
            serde_json::from_str(&printed.out)?,
            serde_json::from_str(&published)?,
        );
        assert_eq!(printed, published, "{name}");
    }
    Ok(())
}
