//! Long because it has every state of a node: `weir status`, what an installer, a script and a probe learn of a running
//! node, and of one that does not run.

use std::{
    fs,
    io::Read,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use weir_tests::{Client, Mosquitto, NodeConfig, Publication, WeirProcess, free_port};

use crate::{
    documents,
    program::{self, Finished},
    secured::{RIGHTS, Secured},
    site::{ANOMALY, DEADLINE, READY, Site, config, logged, until},
    stream::sample,
};

const TOPIC: &str = "sensors/pump-1/vibration";
/// Clients that connect to the socket and never read.
const IDLE_CLIENTS: usize = 100;

async fn ask(config: &NodeConfig, options: &[&str]) -> Result<Finished> {
    let words = [&["status"], options, &["--config"]].concat();
    program::weir(&words, &[config.write()?]).await
}

/// The document, checked against its published schema, and the exit code.
async fn document(config: &NodeConfig) -> Result<(Value, Option<i32>)> {
    let finished = ask(config, &["--json"]).await?;
    let document = serde_json::from_str(&finished.out).with_context(|| finished.to_string())?;
    documents::status(&document)?;
    Ok((document, finished.code))
}

/// The first document of which this is true.
async fn first(config: &NodeConfig, what: &str, so: impl Fn(&Value) -> bool) -> Result<Value> {
    let mut found = Value::Null;
    let look = async || {
        found = document(config).await?.0;
        Ok(so(&found))
    };
    let seen = until(what, look).await;
    seen.with_context(|| found.to_string())?;
    Ok(found)
}

#[tokio::test]
async fn a_node_that_serves_shows_broker_results_and_rejects() -> Result<()> {
    let site = Site::open(&[ANOMALY]).await?;
    site.publish(TOPIC, [sample("good")]).await?;
    site.publish(TOPIC, ["{\"id\":\"bad\",\"ax\":1}"]).await?;
    site.answers(2).await?;
    let both = |status: &Value| {
        let last = &status["last"][0];
        last["result"].is_object() && last["reject"].is_object()
    };
    let status = first(&site.config, "a result and a reject", both).await?;
    assert_eq!(
        (&status["state"], &status["healthy"]),
        (&"serving".into(), &true.into())
    );
    assert_eq!(
        status["health"]["pipelines"][0]["counts"]["accepted"], 2,
        "{status}"
    );
    assert_eq!(status["last"][0]["result"]["device"], "pump-1");
    assert_eq!(status["last"][0]["reject"]["topic"], TOPIC);
    assert_eq!(status["next"].as_array().map(Vec::len), Some(0), "{status}");
    let url = format!("mqtt://127.0.0.1:{}", site.broker.port());
    assert_eq!(status["broker"]["url"], url);
    let code = status["last"][0]["reject"]["code"]
        .as_str()
        .unwrap_or_default();
    let page = ask(&site.config, &[]).await?;
    page.says(
        0,
        &[
            "serving 1 pipeline",
            "node node-1",
            &url,
            "connected for",
            "anomaly",
        ],
    )?;
    page.says(0, &["wasmi", "pump-1", code, TOPIC])?;
    ask(&site.config, &["--alive"]).await?.says(0, &[])
}

#[tokio::test]
async fn a_pipeline_that_rejects_everything_names_the_command_that_helps() -> Result<()> {
    let site = Site::open(&[ANOMALY]).await?;
    site.publish(TOPIC, ["no json", "nor this"]).await?;
    site.answers(2).await?;
    let told = |status: &Value| {
        status["next"]
            .to_string()
            .contains("weir test anomaly --input")
    };
    let status = first(&site.config, "the command", told).await?;
    assert_eq!(status["healthy"], true, "the node does its work: {status}");
    Ok(())
}

#[tokio::test]
async fn a_fresh_node_without_a_pipeline_is_well_and_names_the_next_step() -> Result<()> {
    let site = Site::open(&[]).await?;
    let page = ask(&site.config, &[]).await?;
    page.says(0, &["no pipeline is configured", "sudo weir setup"])
}

#[tokio::test]
async fn a_fresh_node_with_neither_pipeline_nor_broker_is_well_too() -> Result<()> {
    let config = config(free_port()?)?;
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, "cannot reach", 2).await?;
    let page = ask(&config, &[]).await?;
    page.says(
        0,
        &[
            "no pipeline is configured",
            "cannot reach",
            "sudo weir setup",
        ],
    )?;
    node.still_runs()
}

#[tokio::test]
async fn a_node_without_its_broker_is_alive_and_not_well() -> Result<()> {
    let port = free_port()?;
    let config = config(port)?.section(ANOMALY);
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, "cannot reach", 2).await?;
    let page = ask(&config, &[]).await?;
    page.says(
        1,
        &[
            "waiting for the broker",
            &port.to_string(),
            "cannot reach",
            "mosquitto",
        ],
    )?;
    ask(&config, &["--alive"]).await?.says(0, &[])?;
    let (status, _) = document(&config).await?;
    assert_eq!(status["state"], "waiting");
    node.sigterm()?;
    assert_eq!(node.ended_within(DEADLINE).await?.code(), Some(0));
    assert!(
        !config.status_socket().exists(),
        "it leaves no socket behind"
    );
    let (status, code) = document(&config).await?;
    assert_eq!((&status["state"], code), (&"not_running".into(), Some(1)));
    ask(&config, &["--alive"]).await?.says(1, &[])
}

#[tokio::test]
async fn a_broker_that_comes_and_goes_is_seen() -> Result<()> {
    let mut site = Site::open(&[ANOMALY]).await?;
    site.broker.stop().await?;
    let gone =
        |status: &Value| status["state"] == "waiting" && status["broker"]["error"].is_string();
    let status = first(&site.config, "no broker", gone).await?;
    assert_eq!(status["broker"]["connected"], false);
    assert!(status["broker"]["for_s"].is_u64(), "{status}");
    site.broker.restart().await?;
    first(&site.config, "the broker again", |status| {
        status["healthy"] == true
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_broker_that_refuses_user_or_rights_names_what_to_mend() -> Result<()> {
    let lacking = RIGHTS.replace("topic write weir/#", "topic write weir/nodes/#");
    let broker = Secured::start(&lacking).await?;
    let config = config(1)?.section(ANOMALY);
    let keys = |password| -> Result<()> {
        let folder = config.folder().join("conf.d");
        fs::create_dir_all(&folder)?;
        Ok(fs::write(
            folder.join("broker.toml"),
            broker.keys(config.folder(), password)?,
        )?)
    };
    keys("wrong")?;
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, "refuses the connection", 2).await?;
    ask(&config, &[])
        .await?
        .says(1, &["password", "broker.password_file"])?;
    node.kill().await?;

    ask(&config, &[])
        .await?
        .says(1, &["ended without a word"])?;
    keys(crate::secured::PASSWORD)?;
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, READY, 1).await?;
    let sensor = Client::connect(broker.open_port, "sensor").await?;
    sensor
        .publish(Publication::new(TOPIC, sample("refused")))
        .await?;
    let refused = |status: &Value| {
        status["broker"]["refused_publish"]["topic"] == "weir/results/anomaly/pump-1"
    };
    let status = first(&config, "a refused result", refused).await?;
    assert_eq!(status["healthy"], false);
    assert!(
        status["next"].to_string().contains("access list"),
        "{status}"
    );
    Ok(())
}

#[tokio::test]
async fn clients_that_never_read_keep_nobody_from_asking() -> Result<()> {
    let site = Site::open(&[ANOMALY]).await?;
    let socket = site.config.status_socket();
    let mode = fs::metadata(&socket)?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o660, "owner and group only: {mode:o}");
    let idle: Vec<_> = (0..IDLE_CLIENTS)
        .map(|_| UnixStream::connect(&socket))
        .collect::<Result<_, _>>()?;
    let (status, code) = document(&site.config).await?;
    assert_eq!(code, Some(0), "{status}");
    // What they ask is not read, and each was given one document all the same.
    let mut text = String::new();
    idle.into_iter()
        .next()
        .context("as many as were made")?
        .read_to_string(&mut text)?;
    documents::status(&serde_json::from_str(&text)?)?;
    site.publish(TOPIC, [sample("still")]).await?;
    site.settled(1).await?;
    Ok(())
}

#[tokio::test]
async fn a_second_node_does_not_take_the_place_of_the_first() -> Result<()> {
    let site = Site::open(&[]).await?;
    let place = site.config.status_socket();
    let second = config(site.broker.port())?
        .argument("--set")
        .argument(&format!("node.status_socket={}", place.display()))
        .argument("--set")
        .argument("node.name=node-2");
    let mut node = WeirProcess::spawn(&second)?;
    logged(&mut node, READY, 1).await?;
    assert!(
        node.log().contains("another node answers there"),
        "{}",
        node.log()
    );
    node.sigterm()?;
    assert_eq!(node.ended_within(DEADLINE).await?.code(), Some(0));
    let (status, code) = document(&site.config).await?;
    assert_eq!(
        (&status["health"]["node"], code),
        (&"node-1".into(), Some(0))
    );
    Ok(())
}

#[tokio::test]
async fn what_a_dead_node_left_is_taken_over_and_what_is_no_socket_is_left_alone() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let config = config(broker.port())?;
    drop(UnixListener::bind(config.status_socket())?);
    ask(&config, &[])
        .await?
        .says(1, &["ended without a word"])?;
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, READY, 1).await?;
    first(&config, "an answer", |status| status["healthy"] == true).await?;
    node.kill().await?;

    let file = config.status_socket();
    fs::remove_file(&file)?;
    fs::write(&file, "somebody's")?;
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, READY, 2).await?;
    assert!(node.log().contains("node.status_socket"), "{}", node.log());
    ensure!(
        fs::read_to_string(&file)? == "somebody's",
        "it was not the node's"
    );
    Ok(())
}

#[tokio::test]
async fn nobody_answers_where_nothing_runs() -> Result<()> {
    let nowhere = ["status", "--socket"];
    let finished = program::weir(&nowhere, &[Path::new("/nonexistent/status.sock")]).await?;
    finished.says(1, &["no node runs", "/nonexistent/status.sock", "weir"])
}
