//! What is read of the files that scripts leave, beside their exit codes.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;

use super::{report::Outcome, scenario::Scenario};
use crate::dist::Arch;

/// Reads what a scenario left; the words are shown with its outcome.
///
/// # Errors
/// Fails where it does not hold.
pub(super) fn read(
    out: &Path,
    scenario: &Scenario,
    arch: Arch,
    golden: &mut Golden,
) -> Result<String> {
    let file = |name: &str| {
        fs::read_to_string(out.join(name)).with_context(|| format!("the script left no {name}"))
    };
    match scenario.name {
        "demo" => demo(&file("demo.json")?, arch),
        "golden" => golden.add(arch, &file("golden")?),
        "systemd" => Ok(format!("security: {}", file("security")?.trim())),
        _ => Ok(String::new()),
    }
}

/// The last line of `weir demo --json`, as far as it is checked here.
#[derive(Deserialize)]
struct Demo {
    pipelines: Vec<DemoPipeline>,
    engines_absent: Vec<Absent>,
    lost: u64,
}

#[derive(Deserialize)]
struct DemoPipeline {
    name: String,
    engine: String,
    accepted: u64,
    results: u64,
}

#[derive(Deserialize)]
struct Absent {
    engine: String,
}

fn demo(text: &str, arch: Arch) -> Result<String> {
    let demo: Demo = serde_json::from_str(text).context("the demo's last line is not its JSON")?;
    ensure!(demo.lost == 0, "the demo lost {} messages", demo.lost);
    for pipeline in &demo.pipelines {
        ensure!(
            pipeline.accepted > 0 && pipeline.results > 0,
            "pipeline {} of the demo has no results",
            pipeline.name
        );
    }
    let absent: Vec<&str> = demo
        .engines_absent
        .iter()
        .map(|absent| &*absent.engine)
        .collect();
    let expected: &[&str] = match arch {
        Arch::Armhf => &["wasmtime"],
        // Its process locks itself in by seccomp, which qemu-user does not have.
        Arch::Arm64 if !arch.cross().is_native() => &["wasm3"],
        Arch::Amd64 | Arch::Arm64 => &[],
    };
    ensure!(
        absent == expected,
        "engines absent: {absent:?}, expected on {}: {expected:?}",
        arch.name()
    );
    let engines: Vec<&str> = demo
        .pipelines
        .iter()
        .map(|pipeline| &*pipeline.engine)
        .collect();
    Ok(engines.join(", "))
}

/// Guests whose graphs run on the host, natively: within tolerance, not bit for bit.
const GRAPHS_ON_THE_HOST: &str = "nn";

/// The outputs of guests, to compare architectures: WebAssembly computes the same bits everywhere.
#[derive(Default)]
pub(super) struct Golden {
    /// By guest, model and engine: a digest of the outputs, and the architecture that was first.
    seen: BTreeMap<String, (String, Arch)>,
    compared: usize,
    differing: Vec<String>,
}

impl Golden {
    /// Lines of `<guest> <model> ok: <engine>: … outputs <digest>`.
    fn add(&mut self, arch: Arch, text: &str) -> Result<String> {
        let mut ran = 0_usize;
        for line in text.lines() {
            let Some((pair, rest)) = line.split_once(" ok: ") else {
                continue;
            };
            ran += 1;
            let engine = rest.split(':').next().unwrap_or_default();
            let (_, digest) = rest
                .rsplit_once(" outputs ")
                .with_context(|| format!("no digest of the outputs: {line}"))?;
            if !pair.starts_with(GRAPHS_ON_THE_HOST) {
                self.compare(format!("{pair} on {engine}"), digest, arch);
            }
        }
        ensure!(ran > 0, "no engine ran a guest");
        Ok(format!("{ran} pairs of guest and model on engines"))
    }

    fn compare(&mut self, what: String, digest: &str, arch: Arch) {
        match self.seen.get(&what) {
            None => {
                self.seen.insert(what, (digest.to_owned(), arch));
            }
            Some((first, _)) if first == digest => self.compared += 1,
            Some((_, other)) => {
                let (arch, other) = (arch.name(), other.name());
                self.differing
                    .push(format!("{what}: {arch} differs from {other}"));
            }
        }
    }
}

impl Golden {
    /// Whether architectures agree to the bit, where several were tested.
    pub(super) fn outcome(self) -> Option<Outcome> {
        if self.compared == 0 && self.differing.is_empty() {
            return None;
        }
        let found = if self.differing.is_empty() {
            let words = format!("{} outputs are the same bits elsewhere", self.compared);
            Ok(words)
        } else {
            Err(anyhow!("{}", self.differing.join("; ")))
        };
        Some(Outcome::of_all("bits", found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = r#"{"pipelines":[{"name":"a","engine":"wasmi","accepted":9,"results":2,"rejects":0,
        "windowed":7,"p50_ms":1.0,"p99_ms":2.0}],"engines_absent":[ABSENT],"lost":LOST}"#;

    fn said(absent: &str, lost: &str) -> String {
        DEMO.replace("ABSENT", absent).replace("LOST", lost)
    }

    #[test]
    fn the_demo_has_every_engine_of_the_architecture() {
        let wasmtime = r#"{"engine":"wasmtime","reason":"x"}"#;
        assert_eq!(demo(&said("", "0"), Arch::Amd64).unwrap(), "wasmi");
        assert_eq!(demo(&said(wasmtime, "0"), Arch::Armhf).unwrap(), "wasmi");
        assert!(demo(&said(wasmtime, "0"), Arch::Amd64).is_err());
        assert!(demo(&said("", "0"), Arch::Armhf).is_err());
        assert!(demo(&said("", "1"), Arch::Amd64).is_err());
        assert!(demo("", Arch::Amd64).is_err());
    }

    #[test]
    fn outputs_are_compared_between_architectures() {
        let line = "tinynn digits-int8 ok: wasmi: 16 calls, largest difference 0, outputs ";
        let tested = |second: &str| {
            let mut golden = Golden::default();
            golden.add(Arch::Amd64, &format!("{line}00ff\n")).unwrap();
            golden
                .add(Arch::Armhf, &format!("{line}{second}\n"))
                .unwrap();
            golden.outcome().unwrap()
        };
        assert!(!tested("00ff").has_failed());
        assert!(tested("00fe").has_failed());
    }

    #[test]
    fn graphs_on_the_host_and_a_single_architecture_are_not_compared() {
        let mut golden = Golden::default();
        let line = "nn digits ok: wasmi: 16 calls, largest difference 0, outputs ";
        golden.add(Arch::Amd64, &format!("{line}00ff\n")).unwrap();
        golden.add(Arch::Armhf, &format!("{line}00fe\n")).unwrap();
        assert!(golden.outcome().is_none());
        assert!(
            Golden::default()
                .add(Arch::Amd64, "x FAILED: wasmi: y\n")
                .is_err()
        );
    }
}
