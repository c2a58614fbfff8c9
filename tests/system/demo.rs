use std::{collections::BTreeMap, ffi::OsStr, fs, os::unix::fs::symlink};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{
    program,
    site::{cache_home, compiled},
};

/// The demo's pipelines and the engine of each.
const PIPELINES: [(&str, &str); 3] = [
    ("anomaly", "wasm3"),
    ("vibration", "wasmtime"),
    ("vibration-int8", "wasmi"),
];

/// The last line of `weir demo --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Summary {
    pipelines: Vec<Pipeline>,
    engines_absent: Vec<Absent>,
    lost: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pipeline {
    name: String,
    engine: String,
    accepted: u64,
    results: u64,
    rejects: u64,
    windowed: u64,
    p50_ms: f64,
    p99_ms: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Absent {
    engine: String,
    reason: String,
    pipelines: Vec<String>,
}

impl Summary {
    fn engines(&self) -> BTreeMap<&str, &str> {
        let pipelines = self.pipelines.iter();
        pipelines
            .map(|pipeline| (pipeline.name.as_str(), pipeline.engine.as_str()))
            .collect()
    }

    /// Every message of every pipeline has come to an end, and was seen.
    fn adds_up(&self) {
        assert_eq!(self.lost, 0, "{self:?}");
        for pipeline in &self.pipelines {
            let Pipeline {
                name,
                accepted,
                results,
                rejects,
                windowed,
                p50_ms,
                p99_ms,
                ..
            } = pipeline;
            assert_eq!(*accepted, results + rejects + windowed, "{name}: {self:?}");
            assert!(*results > 0, "{name}: {self:?}");
            assert!(*p50_ms > 0.0 && p50_ms <= p99_ms, "{name}: {self:?}");
        }
    }
}

#[tokio::test]
async fn the_demo_puts_one_stream_through_every_engine_and_leaves_nothing_behind() -> Result<()> {
    let summary = demo("5", None).await?;
    summary.adds_up();
    assert_eq!(summary.engines(), BTreeMap::from(PIPELINES), "{summary:?}");
    assert!(summary.engines_absent.is_empty(), "{summary:?}");
    Ok(())
}

#[tokio::test]
async fn without_the_worker_of_wasm3_its_pipeline_is_left_out_and_named() -> Result<()> {
    let summary = demo("2", Some(OsStr::new("/nowhere/weir-wasm3"))).await?;
    summary.adds_up();
    let others = PIPELINES
        .into_iter()
        .filter(|(_, engine)| *engine != "wasm3");
    assert_eq!(summary.engines(), others.collect(), "{summary:?}");
    let [absent] = summary.engines_absent.as_slice() else {
        panic!("one engine is absent: {summary:?}");
    };
    assert_eq!(absent.engine, "wasm3");
    assert_eq!(absent.pipelines, ["anomaly"]);
    assert!(!absent.reason.is_empty());
    Ok(())
}

/// Runs the demo for some seconds, with the worker of wasm3 named or left where it is.
async fn demo(seconds: &str, worker: Option<&OsStr>) -> Result<Summary> {
    compiled().await?;
    let folder = tempfile::tempdir()?;
    symlink(weir_tests::guests()?, folder.path().join("guests"))?;
    symlink(
        weir_tests::repository().join("models"),
        folder.path().join("models"),
    )?;
    let mut command = program::command(&["demo", "--json", "--seconds"], &[seconds])?;
    command
        .current_dir(folder.path())
        .env("XDG_CACHE_HOME", cache_home())
        .env_remove("CACHE_DIRECTORY")
        .envs(worker.map(|worker| ("WEIR_WASM3", worker)));
    // A process group of its own, by which whatever it leaves behind is found.
    command
        .process_group(0)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let child = command.spawn()?;
    let group = child
        .id()
        .context("a process that was just started has an id")?;
    let output = tokio::time::timeout(crate::site::DEADLINE, child.wait_with_output()).await??;
    let (out, err) = (
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?,
    );
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    assert_eq!(
        members(group)?,
        Vec::<String>::new(),
        "processes that the demo left behind"
    );
    let last = out.lines().last().context("a line")?;
    serde_json::from_str(last).with_context(|| last.to_owned())
}

/// The processes of a group that have not ended.
fn members(group: u32) -> Result<Vec<String>> {
    let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
    let in_group = |stat: &String| {
        let mut fields = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace();
        fields.next() != Some("Z") && fields.nth(1) == Some(&group.to_string())
    };
    Ok(fs::read_dir("/proc")?
        .flatten()
        .filter_map(stat)
        .filter(in_group)
        .collect())
}
