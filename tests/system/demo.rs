use std::{fs, os::unix::fs::symlink};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{
    program,
    site::{cache_home, compiled},
};

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

#[tokio::test]
async fn the_demo_adds_up_and_leaves_nothing_behind() -> Result<()> {
    compiled().await?;
    let folder = tempfile::tempdir()?;
    symlink(weir_tests::guests()?, folder.path().join("guests"))?;
    symlink(
        weir_tests::repository().join("models"),
        folder.path().join("models"),
    )?;
    let mut command = program::command(&["demo", "--json", "--seconds"], &["5"])?;
    command
        .current_dir(folder.path())
        .env("XDG_CACHE_HOME", cache_home())
        .env_remove("CACHE_DIRECTORY");
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
    let last = out.lines().last().context("a line")?;
    let summary: Summary = serde_json::from_str(last).with_context(|| last.to_owned())?;
    assert_eq!(summary.lost, 0, "{last}");
    assert_eq!(summary.pipelines.len(), 2, "{last}");
    for pipeline in &summary.pipelines {
        let Pipeline {
            name,
            accepted,
            results,
            rejects,
            windowed,
            ..
        } = pipeline;
        assert_eq!(*accepted, results + rejects + windowed, "{name}: {last}");
        assert!(*results > 0, "{name}: {last}");
        assert!(
            pipeline.p50_ms > 0.0 && pipeline.p50_ms <= pipeline.p99_ms,
            "{name}: {last}"
        );
    }
    let engines: Vec<&str> = summary
        .pipelines
        .iter()
        .map(|pipeline| pipeline.engine.as_str())
        .collect();
    assert!(
        engines.contains(&"wasmi") && engines.contains(&"wasmtime"),
        "{last}"
    );
    let absent = &summary.engines_absent;
    assert!(
        absent
            .iter()
            .all(|absent| !absent.reason.is_empty() && !engines.contains(&absent.engine.as_str()))
    );
    assert!(absent.iter().all(|absent| absent.pipelines.is_empty()), "{last}");
    assert_eq!(
        members(group)?,
        Vec::<String>::new(),
        "processes that the demo left behind"
    );
    Ok(())
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
