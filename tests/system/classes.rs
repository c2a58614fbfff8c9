use anyhow::Result;

use crate::{
    program::{self, Finished},
    site::{ANOMALY, compiled, config},
};

/// `weir` with the guest `anomaly` under this profile, and a profile `metered` that wants fuel of wasm3.
async fn under(profile: &str, words: &[&str], worker: Option<&str>) -> Result<Finished> {
    let metered = "inherit = \"esp32\"\n[limits]\nfuel_max = 1000\n";
    let config = config(1)?
        .cache(compiled().await?)
        .profile("metered", metered)?
        .section(&ANOMALY.replace("calm-chip", profile));
    let file = config.write()?;
    let mut command = program::command(words, &[&file])?;
    command.envs(worker.map(|worker| ("WEIR_WASM3", worker)));
    program::finish(command).await
}

const CHECK: [&str; 3] = ["check", "--offline", "--config"];

#[tokio::test]
async fn a_chip_without_its_engine_is_refused_with_what_to_do() -> Result<()> {
    let refused = under("esp32", &CHECK, Some("/nowhere/weir-wasm3")).await?;
    refused.says(
        3,
        &[
            "weir.toml:",
            "pipeline.anomaly.profile",
            "engine wasm3 is absent",
            "/nowhere/weir-wasm3",
            "use engine = \"wasmi\"",
        ],
    )
}

#[tokio::test]
async fn what_an_engine_cannot_enforce_is_named() -> Result<()> {
    let refused = under("metered", &CHECK, None).await?;
    refused.says(
        3,
        &[
            "pipeline.anomaly.profile",
            "engine wasm3 cannot enforce fuel_max of profile metered",
        ],
    )
}

#[tokio::test]
async fn check_shows_class_features_and_memory_on_every_chip() -> Result<()> {
    for (chip, engine) in [
        ("cortex-m4-256k", "wasmi"),
        ("esp32", "wasm3"),
        ("rp2040", "wasmi"),
    ] {
        let checked = under(chip, &CHECK, None).await?;
        checked.says(
            0,
            &[
                &format!("opens on {engine}"),
                "64 of 128 KiB of guest memory",
                &format!("profile {chip}, class microcontroller"),
                "features: none beyond WebAssembly 1.0",
            ],
        )?;
    }
    Ok(())
}

#[tokio::test]
async fn explain_shows_class_features_and_memory() -> Result<()> {
    let explained = under("esp32", &["explain", "anomaly", "--config"], None).await?;
    explained.says(
        0,
        &[
            "esp32: Espressif ESP32",
            "microcontroller: guests may use sign-extension, nontrapping-float-to-int",
            "none beyond WebAssembly 1.0",
            "64 KiB at the start, at most 128 KiB; the profile allows 128 KiB",
        ],
    )?;
    let board = under("pi-4", &["explain", "anomaly", "--config"], None).await?;
    board.says(0, &["sbc: guests may use", "bulk-memory", "simd"])
}
