use std::{
    collections::{HashMap, HashSet},
    fs,
};

use anyhow::{Context, Result};

const BYTES_PER_KIB: f64 = 1024.0;
const BYTES_PER_MB: f64 = 1e6;

/// The proportional set size of a process in KiB: what it has alone, and its share of what it shares.
///
/// # Errors
/// Fails where there is no such process.
pub fn pss_kib(process: i32) -> Result<f64> {
    let file = format!("/proc/{process}/smaps_rollup");
    let text = fs::read_to_string(&file).with_context(|| format!("failed to read {file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib.context("no Pss in smaps_rollup")?.parse()?)
}

/// The same of a process with all that it has started, in MB (10⁶ bytes).
///
/// # Errors
/// Fails where there is no such process, or `/proc` cannot be read.
pub fn tree_pss_mb(process: i32) -> Result<f64> {
    let mut kib = pss_kib(process)?;
    for descendant in descendants(process)? {
        kib += pss_kib(descendant)?;
    }
    Ok(kib * BYTES_PER_KIB / BYTES_PER_MB)
}

/// Everything that a process has started and that still runs, and what that has started.
///
/// # Errors
/// Fails where `/proc` cannot be read.
pub fn descendants(process: i32) -> Result<Vec<i32>> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(child) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        // It may be gone by now.
        let Ok(stat) = fs::read_to_string(format!("/proc/{child}/stat")) else {
            continue;
        };
        // The name, in brackets, may hold anything; state and parent come after it.
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(child);
        }
    }
    let (mut found, mut seen, mut next) = (Vec::new(), HashSet::from([process]), vec![process]);
    while let Some(process) = next.pop() {
        for child in children.remove(&process).unwrap_or_default() {
            if seen.insert(child) {
                found.push(child);
                next.push(child);
            }
        }
    }
    Ok(found)
}
