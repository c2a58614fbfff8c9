//! Guests whose code a package brought: the node opens without compiling, goes on with code for the processor at hand
//! once that is made, and loses nothing on the way.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use weir_engine_wasmtime::precompile;
use weir_tests::{Mosquitto, NodeConfig};

use crate::{
    artefacts::{Shelf, leb128},
    documents::{Answer, Counts, pipelines},
    program,
    site::{Site, config, logged},
    stream::sample,
};

/// The stateful guest `anomaly`, of a size from which guests are compiled in the background.
const HEAVY: &str = r#"
[pipeline.heavy]
topic = "sensors/{device}/vibration"
profile = "calm-board"
guest = "anomaly"
decode = { codec = "json", fields = ["/ax", "/ay", "/az"], id = "/id" }
window = { size = 4, stride = 3 }
"#;

/// As its manifest says.
const GUEST: &str = "anomaly";
/// Five of them take a second.
const SAMPLES_MAX: usize = 1500;
const BALLAST_BYTES: usize = 600 << 10;
const BEING_MADE: &str = "code for this processor is being made in the background";
const FROM_NOW_ON: &str = "runs code for this processor from now on";

fn heavy() -> Result<Vec<u8>> {
    let mut wasm = fs::read(weir_tests::guests()?.join("anomaly.wasm"))?;
    let mut section = leb128("ballast".len());
    section.extend(b"ballast");
    section.resize(section.len() + BALLAST_BYTES, 0);
    wasm.push(0);
    wasm.extend(leb128(section.len()));
    wasm.extend(section);
    Ok(wasm)
}

/// A node that has the guest, and in a folder of its own the code that a package would have.
fn installed(port: u16, compile: &str) -> Result<(NodeConfig, PathBuf)> {
    let config = config(port)?;
    let folder = config.folder().join("compiled");
    let config = config
        .node(&format!("compile = {compile:?}"))
        .compiled(&folder)
        .section(HEAVY);
    let wasm = heavy()?;
    Shelf::of(&config)?.guest(GUEST, &wasm)?;
    fs::create_dir(&folder)?;
    let made = precompile(
        GUEST,
        &wasm,
        &format!("{}-unknown-linux-gnu", env::consts::ARCH),
    )?;
    let file = folder.join(made.name);
    fs::write(&file, made.bytes)?;
    Ok((config, file))
}

async fn open(compile: &str, prepare: impl FnOnce(&Path) -> Result<()>) -> Result<Site> {
    let broker = Mosquitto::start().await?;
    let (config, file) = installed(broker.port(), compile)?;
    prepare(&file)?;
    Site::open_on(broker, config).await
}

fn code(health: &Value) -> Option<&Value> {
    pipelines(health).next().map(|pipeline| &pipeline["code"])
}

fn said(answers: &[Answer]) -> Vec<(String, Vec<f64>)> {
    let of = answers.iter().filter(|answer| answer.is_result);
    of.map(|answer| (answer.id().to_owned(), answer.output("zscore")))
        .collect()
}

/// The same stream in a node that compiles before it opens.
async fn as_ever(samples: &[String]) -> Result<Vec<(String, Vec<f64>)>> {
    let site = open("first", |_| Ok(())).await?;
    site.publish("sensors/pump/vibration", samples.to_vec())
        .await?;
    let accepted = u64::try_from(samples.len())?;
    let health = site.settled(accepted).await?;
    let code = code(&health).context("a pipeline")?;
    assert_eq!(
        (&code["precompiled"], &code["improved"]),
        (&false.into(), &0.into())
    );
    Ok(said(&site.finish(accepted).await?))
}

fn numbered(first: usize, count: usize) -> Vec<String> {
    (first..first + count)
        .map(|n| sample(&format!("s-{n}")))
        .collect()
}

#[tokio::test]
async fn better_code_takes_over_in_the_middle_of_windows_and_of_a_state() -> Result<()> {
    let mut site = open("background", |_| Ok(())).await?;
    logged(&mut site.node, BEING_MADE, 1).await?;
    let mut sent = Vec::new();
    // Five samples at a time: whenever it takes over, a window is begun and the guest has a state.
    loop {
        let next = numbered(sent.len(), 5);
        site.publish("sensors/pump/vibration", next.clone()).await?;
        sent.extend(next);
        let health = site.settled(u64::try_from(sent.len())?).await?;
        if code(&health).is_some_and(|code| code["improved"] == 1) {
            break;
        }
        ensure!(sent.len() < SAMPLES_MAX, "{}", site.node.log());
    }
    logged(&mut site.node, FROM_NOW_ON, 1).await?;
    let next = numbered(sent.len(), 7);
    site.publish("sensors/pump/vibration", next.clone()).await?;
    sent.extend(next);
    let accepted = u64::try_from(sent.len())?;
    let health = site.settled(accepted).await?;
    let now = code(&health).context("a pipeline")?;
    assert_eq!(
        (&now["precompiled"], &now["improving"]),
        (&false.into(), &false.into())
    );
    let counts = Counts::of(&health, "heavy")?;
    assert_eq!(counts.results + counts.windowed, accepted, "{counts:?}");
    let answers = site.finish(accepted).await?;
    assert_eq!(said(&answers), as_ever(&sent).await?);
    Ok(())
}

#[tokio::test]
async fn a_node_that_never_compiles_serves_with_a_packages_code() -> Result<()> {
    let site = open("never", |_| Ok(())).await?;
    let samples = numbered(0, 10);
    site.publish("sensors/pump/vibration", samples.clone())
        .await?;
    let health = site.settled(10).await?;
    let now = code(&health).context("a pipeline")?;
    assert_eq!(
        (&now["precompiled"], &now["improving"]),
        (&true.into(), &false.into())
    );
    assert!(!site.node.log().contains(BEING_MADE), "{}", site.node.log());
    let explained =
        program::weir(&["explain", "heavy", "--config"], &[&site.config.write()?]).await?;
    explained.says(0, &["precompiled, for every", "node.compile"])?;
    assert_eq!(said(&site.finish(10).await?), as_ever(&samples).await?);
    Ok(())
}

#[tokio::test]
async fn a_node_that_never_compiles_says_what_it_lacks() -> Result<()> {
    let (config, file) = installed(1, "never")?;
    fs::remove_file(file)?;
    let checked = program::weir(&["check", "--offline", "--config"], &[&config.write()?]).await?;
    checked.says(
        3,
        &["pipeline.heavy", "no package brought code", "node.compile"],
    )
}

#[tokio::test]
async fn code_that_anybody_can_write_is_named_and_not_used() -> Result<()> {
    let mut site = open("background", |file| {
        Ok(fs::set_permissions(
            file,
            fs::Permissions::from_mode(0o666),
        )?)
    })
    .await?;
    logged(&mut site.node, "can be written by others", 1).await?;
    logged(&mut site.node, "compiled/anomaly-", 1).await?;
    site.publish("sensors/pump/vibration", numbered(0, 4))
        .await?;
    let health = site.settled(4).await?;
    let now = code(&health).context("a pipeline")?;
    assert_eq!(
        (&now["precompiled"], &now["improving"]),
        (&false.into(), &false.into())
    );
    assert_eq!(site.finish(4).await?.len(), 1);
    Ok(())
}
