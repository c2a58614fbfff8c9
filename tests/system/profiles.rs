//! Profiles of guests, as `weir run --profile` writes them.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use guest_abi::Manifest;
use serde_json::Value;
use weir_tests::{Mosquitto, NodeConfig};

use crate::{
    artefacts::{Shelf, manifest, with_manifest, without_manifest},
    site::{DEADLINE, Site, config},
};

/// A guest that calls itself a million times for each message; it has names.
const PIPELINE: &str = r#"
[pipeline.works]
topic = "sensors/{device}/work"
profile = "calm-board"
guest = "works_long"
decode = { codec = "json", fields = ["/x"] }
"#;
const FUNCTION: &str = "fibonacci";

/// So long that it is met at work, however busy the machine is.
const MESSAGES: usize = 100;

/// A node that has worked, and what it writes when it stops.
async fn worked(arguments: impl FnOnce(NodeConfig) -> NodeConfig) -> Result<Site> {
    let broker = Mosquitto::start().await?;
    let config = arguments(config(broker.port())?.section(PIPELINE));
    let manifest = Manifest {
        features: ["bulk-memory", "nontrapping-float-to-int"]
            .map(str::to_owned)
            .to_vec(),
        ..manifest("works_long")
    };
    let guest = with_manifest(&without_manifest("works_long")?, &manifest)?;
    Shelf::of(&config)?.guest("works_long", &guest)?;
    let site = Site::open_on(broker, config).await?;
    let payloads = std::iter::repeat_n(r#"{"x":1}"#, MESSAGES);
    site.publish("sensors/pump-7/work", payloads).await?;
    let answers = site.answers(MESSAGES).await?;
    ensure!(answers.len() == MESSAGES, "{answers:?}");
    Ok(site)
}

#[tokio::test]
async fn perf_is_told_the_functions_of_guests() -> Result<()> {
    let site = worked(|config| config.argument("--profile").argument("perf")).await?;
    let map = format!("/tmp/perf-{}.map", site.node.id());
    let map = Path::new(&map);
    let text = fs::read_to_string(map).with_context(|| format!("no {}", map.display()))?;
    fs::remove_file(map)?;
    site.stop().await?;
    let function = text.lines().find(|line| line.contains(FUNCTION));
    let function = function.with_context(|| format!("no {FUNCTION} among\n{text}"))?;
    let mut words = function
        .split(' ')
        .map(|word| word.trim_start_matches("0x"));
    for _ in 0..2 {
        let number = words.next().context("address and length come first")?;
        ensure!(u64::from_str_radix(number, 16).is_ok(), "{function}");
    }
    Ok(())
}

#[tokio::test]
async fn a_guest_is_met_in_its_functions() -> Result<()> {
    let mut site = worked(|config| config.argument("--profile").argument("guest")).await?;
    site.node.sigterm()?;
    site.node.ended_within(DEADLINE).await?;
    let file = site.config.folder().join("works_long-0.profile.json");
    let text = fs::read_to_string(&file).with_context(|| site.node.log())?;
    let profile: Value = serde_json::from_str(&text)?;
    let samples = &profile["threads"][0]["samples"]["stack"];
    ensure!(
        samples
            .as_array()
            .is_some_and(|samples| !samples.is_empty()),
        "no samples: {samples}"
    );
    ensure!(text.contains(FUNCTION), "no {FUNCTION} in the profile");
    Ok(())
}
