//! What survives in a guest from one message to the next: everything where instances are warm, nothing where they are
//! fresh, on every engine.

use anyhow::Result;
use weir_tests::Mosquitto;

use crate::{
    artefacts::{Shelf, fixture},
    documents::{Answer, pipelines},
    program,
    site::{ANOMALY, Site, VIBRATION, compiled, config},
    stream::samples,
};

const ENGINES: [&str; 3] = ["wasmi", "wasm3", "wasmtime"];
const MODES: [&str; 2] = ["warm", "fresh"];
const CHECK: [&str; 3] = ["check", "--offline", "--config"];

/// The guest that remembers its calls.
fn remembering(engine: &str, mode: &str) -> String {
    format!(
        r#"
        [pipeline.{engine}-{mode}]
        topic = "count/{{device}}/{engine}-{mode}"
        profile = "calm-{engine}"
        guest = "counts_calls"
        isolation = "{mode}"
        decode = {{ codec = "json", fields = ["/x"] }}
        "#
    )
}

/// What the messages of one pipeline got: the guest's count in its global and in its memory, or the reject's code.
fn got(answers: &[Answer], pipeline: &str) -> Vec<String> {
    let of = answers.iter().filter(|answer| answer.pipeline == pipeline);
    of.map(|answer| match answer.is_result {
        true => format!("{:?}", answer.output("y")),
        false => answer.text("code").to_owned(),
    })
    .collect()
}

#[tokio::test]
async fn nothing_survives_in_a_fresh_instance() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut config = config(broker.port())?;
    for engine in ENGINES {
        let profile = format!("inherit = \"calm-board\"\nengine = \"{engine}\"\n");
        config = config.profile(&format!("calm-{engine}"), &profile)?;
        for mode in MODES {
            config = config.section(&remembering(engine, mode));
        }
    }
    Shelf::of(&config)?.guest("counts_calls", &fixture("counts_calls")?)?;
    let site = Site::open_on(broker, config).await?;
    let messages = [1, 2, 2_000, 4, 5].map(|x| format!(r#"{{"x":{x}}}"#));
    for engine in ENGINES {
        for mode in MODES {
            let topic = format!("count/one/{engine}-{mode}");
            site.publish(&topic, messages.clone()).await?;
        }
    }
    let health = site.settled(30).await?;
    for pipeline in pipelines(&health) {
        let name = pipeline["name"].as_str().unwrap_or_default();
        let opening = pipeline["opening_ms"].is_object();
        assert_eq!(name.ends_with("fresh"), opening, "{pipeline}");
    }
    let answers = site.stop().await?;
    let (one, two) = ("[1.0, 1.0]", "[2.0, 2.0]");
    for engine in ENGINES {
        assert_eq!(
            got(&answers, &format!("{engine}-warm")),
            [one, two, "guest_trap", one, two],
            "{engine}"
        );
        assert_eq!(
            got(&answers, &format!("{engine}-fresh")),
            [one, one, "guest_trap", one, one],
            "{engine}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_stateful_guest_keeps_its_devices_state_in_fresh_instances() -> Result<()> {
    let fresh = ANOMALY
        .replace("pipeline.anomaly", "pipeline.fresh")
        .replace("guest =", "isolation = \"fresh\"\nguest =");
    let site = Site::open(&[ANOMALY, &fresh]).await?;
    let count = 40;
    site.publish("sensors/pump-1/vibration", samples("s", count))
        .await?;
    site.publish("sensors/pump-2/vibration", samples("t", count))
        .await?;
    let answers = site.finish(4 * 40).await?;
    let scores = |pipeline: &str| -> Vec<_> {
        let of = answers.iter().filter(|answer| answer.pipeline == pipeline);
        of.map(|answer| (answer.id(), answer.output("zscore")))
            .collect()
    };
    let warm = scores("anomaly");
    assert_eq!(warm.len(), 2 * count);
    assert_eq!(warm, scores("fresh"));
    Ok(())
}

#[tokio::test]
async fn check_warns_where_each_message_pays_for_a_cold_start() -> Result<()> {
    let fresh = ANOMALY.replace("guest =", "isolation = \"fresh\"\nguest =");
    let config = config(1)?.section(&fresh);
    let file = config.write()?;
    let checked = program::weir(&CHECK, &[&file]).await?;
    checked.says(
        0,
        &[
            "warning",
            "pipeline.anomaly.isolation",
            "each message pays for opening anomaly@",
            "would start",
        ],
    )?;
    let explained = program::weir(&["explain", "anomaly", "--config"], &[&file]).await?;
    explained.says(
        0,
        &["fresh, a new instance for each message; a new one starts cold"],
    )
}

#[tokio::test]
async fn a_model_that_is_loaded_once_starts_from_a_snapshot() -> Result<()> {
    let fresh = VIBRATION.replace("guest =", "isolation = \"fresh\"\nguest =");
    let config = config(1)?.cache(compiled().await?).section(&fresh);
    let file = config.write()?;
    let checked = program::weir(&CHECK, &[&file]).await?;
    checked.says(0, &["ok: pipeline.vibration"])?;
    assert!(!checked.err.contains("each message pays"), "{checked}");
    let explained = program::weir(&["explain", "vibration", "--config"], &[&file]).await?;
    explained.says(0, &["a new one starts from a snapshot"])
}
