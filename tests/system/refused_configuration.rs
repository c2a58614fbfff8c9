use std::fs;

use anyhow::Result;

use crate::{
    program,
    site::{ANOMALY, VIBRATION, config},
};

/// What is written instead of what, and the words that must be said of it.
struct Slip {
    good: &'static str,
    bad: &'static str,
    words: &'static [&'static str],
}

const fn slip(good: &'static str, bad: &'static str, words: &'static [&'static str]) -> Slip {
    Slip { good, bad, words }
}

const SLIPS: [Slip; 12] = [
    slip(
        "guest =",
        "gest =",
        &["pipeline.anomaly", "gest", "did you mean guest"],
    ),
    slip(
        "\"calm-chip\"",
        "\"calm-ship\"",
        &["pipeline.anomaly.profile", "calm-ship", "calm-chip"],
    ),
    slip(
        "\"anomaly\"",
        "\"anomalie\"",
        &["pipeline.anomaly.guest", "there is no guest anomalie"],
    ),
    slip(
        "guest = \"anomaly\"",
        "guest = \"anomaly\"\nmodel = \"vibration\"",
        &["pipeline.anomaly.model", "loads no model"],
    ),
    slip(
        "guest = \"anomaly\"",
        "guest = \"anomaly\"\nmodel = \"nowhere\"",
        &["pipeline.anomaly.model", "there is no model nowhere"],
    ),
    slip(
        "sensors/{device}/vibration",
        "weir/results/{device}/vibration",
        &["pipeline.anomaly.topic", "Weir itself publishes"],
    ),
    slip(
        "sensors/{device}/vibration",
        "{device}/#",
        &["pipeline.anomaly.topic", "Weir itself publishes"],
    ),
    slip(
        "sensors/{device}/vibration",
        "sensors/+/vibration",
        &["pipeline.anomaly.topic", "{device}"],
    ),
    slip(
        "sensors/{device}/vibration",
        "$share/g/{device}/x",
        &["pipeline.anomaly.topic", "shared subscription"],
    ),
    slip(
        "\"json\"",
        "\"jsn\"",
        &["pipeline.anomaly.decode.codec", "jsn", "json"],
    ),
    slip(
        "id = \"/id\" }",
        "id = \"/id\" }\nwindow = { size = 4, stride = 5 }",
        &["pipeline.anomaly.window.stride", "size"],
    ),
    slip("guest = \"anomaly\"", "guest = anomaly", &["weir.toml:"]),
];

#[tokio::test]
async fn a_slip_in_the_configuration_is_named_with_file_and_key() -> Result<()> {
    for Slip { good, bad, words } in SLIPS {
        let text = ANOMALY.replace(good, bad);
        assert_ne!(text, ANOMALY, "{good:?} is part of it");
        let config = config(1)?.section(&text);
        let file = config.write()?;
        for run in [
            &["check", "--offline", "--config"][..],
            &["run", "--config"],
        ] {
            let refused = program::weir(run, &[&file]).await?;
            refused.says(3, words)?;
            refused.says(3, &["error: ", "weir.toml:"])?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_slip_is_said_at_once() -> Result<()> {
    let text = ANOMALY
        .replace("calm-chip", "calm-ship")
        .replace("sensors/{device}", "sensors/+");
    let file = config(1)?.section(&text).node("helth_interval_s = 1");
    let refused = program::weir(&["check", "--offline", "--config"], &[file.write()?]).await?;
    refused.says(3, &["helth_interval_s", "health_interval_s"])?;
    let file = config(1)?.section(&text);
    let refused = program::weir(&["check", "--offline", "--config"], &[file.write()?]).await?;
    refused.says(
        3,
        &[
            "pipeline.anomaly.profile",
            "pipeline.anomaly.topic",
            "2 errors",
        ],
    )
}

#[tokio::test]
async fn a_model_of_another_shape_is_refused() -> Result<()> {
    for (good, bad, key) in [
        ("size = 128", "size = 100", "window.size"),
        (
            r#"["/ax", "/ay", "/az"]"#,
            r#"["/ax", "/ay"]"#,
            "decode.fields",
        ),
    ] {
        let config = config(1)?.section(&VIBRATION.replace(good, bad));
        let refused =
            program::weir(&["check", "--offline", "--config"], &[config.write()?]).await?;
        refused.says(
            3,
            &[
                "weir.toml:",
                &format!("pipeline.vibration.{key}"),
                "1×3×128",
            ],
        )?;
    }
    Ok(())
}

#[tokio::test]
async fn a_guest_that_a_chip_cannot_run_is_refused_there() -> Result<()> {
    let config = config(1)?.section(&VIBRATION.replace("calm-board", "calm-chip"));
    let refused = program::weir(&["check", "--offline", "--config"], &[config.write()?]).await?;
    refused.says(3, &["pipeline.vibration.guest", "onnx", "calm-chip"])
}

#[tokio::test]
async fn a_device_with_a_profile_that_cannot_run_the_guest_is_a_warning() -> Result<()> {
    let tight = "inherit = \"calm-chip\"\n[limits]\nmodule_kib_max = 1\n";
    let config = config(1)?
        .profile("tight", tight)?
        .section(ANOMALY)
        .section("[devices]\npump-2 = \"tight\"");
    let checked = program::weir(&["check", "--offline", "--config"], &[config.write()?]).await?;
    checked.says(0, &["warning: ", "pump-2", "tight", "module_kib_max"])
}

#[tokio::test]
async fn a_profile_that_cannot_be_is_named_with_its_file() -> Result<()> {
    for (text, words) in [
        ("inherit = \"nowhere\"\n", &["inherit", "nowhere"][..]),
        (
            "inherit = \"calm-chip\"\n[limits]\nguest_memory_kib_max = 512\n",
            &["guest_memory_kib_max", "256 KiB"],
        ),
        (
            "inherit = \"calm-chip\"\n[limits]\nguest_memory_kb_max = 64\n",
            &["guest_memory_kb_max", "guest_memory_kib_max"],
        ),
    ] {
        let config = config(1)?
            .profile("odd", text)?
            .section(&ANOMALY.replace("calm-chip", "odd"));
        let refused =
            program::weir(&["check", "--offline", "--config"], &[config.write()?]).await?;
        refused.says(3, &["odd.toml"])?;
        refused.says(3, words)?;
    }
    Ok(())
}

#[tokio::test]
async fn files_that_are_not_there_are_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("nowhere.toml");
    program::weir(&["check", "--offline", "--config"], &[&file])
        .await?
        .says(3, &["nowhere.toml"])?;
    let config = config(1)?
        .broker("username = \"weir\"\npassword_file = \"secret\"")
        .section(ANOMALY);
    let refused = program::weir(&["check", "--offline", "--config"], &[config.write()?]).await?;
    refused.says(3, &["broker.password_file", "secret"])
}

#[tokio::test]
async fn later_layers_win_and_are_named() -> Result<()> {
    let config = config(1)?.section(ANOMALY);
    let file = config.write()?;
    fs::create_dir(config.folder().join("conf.d"))?;
    let later = "[pipeline.anomaly]\nprofile = \"later\"\n";
    fs::write(config.folder().join("conf.d/10-later.toml"), later)?;
    let check = ["check", "--offline", "--config"];
    program::weir(&check, &[&file])
        .await?
        .says(3, &["10-later.toml:2", "later"])?;
    let mut command = program::command(&check, &[&file])?;
    command.env("WEIR__PIPELINE__ANOMALY__PROFILE", "environs");
    program::finish(command)
        .await?
        .says(3, &["WEIR__PIPELINE__ANOMALY__PROFILE", "environs"])?;
    let set = [
        "check",
        "--offline",
        "--set",
        "pipeline.anomaly.profile=option",
        "--config",
    ];
    program::weir(&set, &[&file]).await?.says(3, &["option"])?;
    let set = [
        "check",
        "--offline",
        "--set",
        "pipeline.anomaly.profile=calm-chip",
        "--config",
    ];
    program::weir(&set, &[&file]).await?.says(0, &["ok"])
}
