//! wasm3 in its worker: what becomes of a node whose worker is killed, and of a worker whose node is.

use std::{collections::BTreeSet, fs, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};
use weir_tests::{Mosquitto, Publication};

use crate::{
    documents::Answer,
    site::{DEADLINE, Site, config},
    stream::{ids, samples},
};

const STREAMS: usize = 5;
const MESSAGES: usize = 500;
/// So many results of a stream are seen before the worker is killed.
const BEFORE: usize = 100;
const TOPIC: &str = "sensors/pump-1/vibration";
const LOOK: Duration = Duration::from_millis(5);

const PROFILE: &str = "inherit = \"esp32\"\nengine = \"wasm3\"\n[limits]\nguest_memory_kib_max = 256\n\
                       call_deadline_ms_max = 60000\nload_deadline_ms_max = 60000\n";
const PIPELINE: &str = r#"
[pipeline.chip]
topic = "sensors/{device}/vibration"
profile = "calm-wasm3"
guest = "anomaly"
decode = { codec = "json", fields = ["/ax", "/ay", "/az"], id = "/id" }
"#;

async fn site() -> Result<Site> {
    let broker = Mosquitto::start().await?;
    let config = config(broker.port())?
        .profile("calm-wasm3", PROFILE)?
        .section(PIPELINE);
    Site::open_on(broker, config).await
}

/// The workers of a node, by its process id.
fn workers(node: i32) -> Result<BTreeSet<i32>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if is_worker(id, Some(node)) {
            found.insert(id);
        }
    }
    Ok(found)
}

/// Whether a process is a worker that runs (of this node).
fn is_worker(id: i32, node: Option<i32>) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let Some((head, tail)) = stat.rsplit_once(')') else {
        return false;
    };
    let mut tail = tail.split_whitespace();
    let runs = tail.next().is_some_and(|state| !matches!(state, "Z" | "X"));
    let parent = tail.next().and_then(|parent| parent.parse().ok());
    head.ends_with("(weir-wasm3") && runs && (node.is_none() || node == parent)
}

fn kill(worker: i32) -> Result<()> {
    let worker = Pid::from_raw(worker).context("a process has an id")?;
    Ok(kill_process(worker, Signal::KILL)?)
}

/// One kill in each stream: a message that met two of them would be rejected, as it should.
#[tokio::test]
async fn a_worker_that_is_killed_in_mid_stream_loses_nothing() -> Result<()> {
    let site = site().await?;
    let mut seen = BTreeSet::new();
    for stream in 0..STREAMS {
        let prefix = format!("m-{stream}");
        let (sensor, messages) = (site.sensor.clone(), samples(&prefix, MESSAGES));
        let publishing = tokio::spawn(async move {
            let messages = messages.into_iter();
            let messages = messages.map(|sample| Publication::new(TOPIC, sample));
            sensor.publish_all(messages).await
        });
        let mut answers = site.answers(BEFORE).await?;
        let serving = workers(site.node.id())?;
        for worker in &serving {
            kill(*worker)?;
        }
        seen.extend(serving);
        answers.extend(site.answers(MESSAGES - answers.len()).await?);
        publishing.await??;
        let results = answers.iter().filter(|answer| answer.is_result);
        let results: Vec<&str> = results.map(Answer::id).collect();
        assert_eq!(results, ids(&prefix, MESSAGES), "each one, once, in order");
    }
    assert_eq!(seen.len(), STREAMS, "each kill met a new worker: {seen:?}");
    let accepted = u64::try_from(STREAMS * MESSAGES)?;
    assert!(site.finish(accepted).await?.is_empty(), "and no reject");
    Ok(())
}

#[tokio::test]
async fn an_idle_worker_that_is_killed_is_not_missed() -> Result<()> {
    let site = site().await?;
    let first = workers(site.node.id())?;
    ensure!(first.len() == 1, "one instance, one worker: {first:?}");
    for worker in &first {
        kill(*worker)?;
    }
    site.publish(TOPIC, samples("m", 1)).await?;
    let answers = site.answers(1).await?;
    assert!(answers[0].is_result, "{:?}", answers[0]);
    let second = workers(site.node.id())?;
    assert_eq!(second.len(), 1);
    assert!(first.is_disjoint(&second), "{first:?} {second:?}");
    Ok(())
}

#[tokio::test]
async fn a_node_leaves_no_worker_behind() -> Result<()> {
    let mut site = site().await?;
    let workers = workers(site.node.id())?;
    ensure!(!workers.is_empty(), "there is a worker to leave behind");
    site.node.kill().await?;
    let end = Instant::now() + DEADLINE;
    while workers.iter().any(|worker| is_worker(*worker, None)) {
        if Instant::now() > end {
            bail!("{workers:?} still run");
        }
        sleep(LOOK).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_worker_is_locked_in() -> Result<()> {
    let site = site().await?;
    let workers = workers(site.node.id())?;
    let worker = workers.first().context("a worker")?;
    let read = |file: &str| fs::read_to_string(format!("/proc/{worker}/{file}"));
    let (status, limits) = (read("status")?, read("limits")?);
    let says = |text: &str, name: &str, value: &str| {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
        lines.any(|line| line.split_whitespace().next() == Some(value))
    };
    ensure!(says(&status, "NoNewPrivs:", "1"), "{status}");
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        ensure!(says(&status, "Seccomp:", "2"), "{status}");
    }
    for limit in ["Max core file size", "Max file size", "Max processes"] {
        ensure!(says(&limits, limit, "0"), "{limit}:\n{limits}");
    }
    for limit in ["Max open files", "Max data size", "Max address space"] {
        ensure!(!says(&limits, limit, "unlimited"), "{limit}:\n{limits}");
    }
    let environment = fs::read(format!("/proc/{worker}/environ")).unwrap_or_default();
    ensure!(environment.is_empty(), "it inherits no environment");
    Ok(())
}
