//! An unpacked image, run by runc as Kubernetes would run it: not root, no capabilities, nothing writable but
//! `emptyDir`s, a limit of memory and of processor time.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    image::{USER, WEIR},
    staged,
};
use crate::process;

/// What `packaging/kubernetes/deployment.yaml` allows a container.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resources {
    pub(super) memory_mib: u64,
    pub(super) millicores: u64,
}

/// A file of this machine that the container sees and cannot change.
#[derive(Debug)]
pub(super) struct Mounted {
    pub(super) file: PathBuf,
    pub(super) at: &'static str,
}

/// Where the node may write. Kubernetes mounts folders of root that the pod's group may write to.
const EMPTY_DIRS: [&str; 4] = ["/tmp", "/run/weir", "/var/cache/weir", "/var/lib/weir"];

/// What runs in a container, and how.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run<'a> {
    /// Arguments of weir.
    pub(super) args: &'a [&'a str],
    pub(super) env: &'a [&'a str],
    pub(super) mounted: &'a [Mounted],
    /// On this machine's network instead of one of its own, where it would be alone.
    pub(super) on_host_network: bool,
    pub(super) resources: Option<Resources>,
}

/// An unpacked image with its configuration for a runtime.
pub(super) struct Bundle {
    folder: PathBuf,
    /// Where runc keeps what it runs; stays when the scratch goes.
    state: PathBuf,
    /// As umoci made it of the image's configuration.
    configuration: Value,
}

impl Bundle {
    /// Unpacks an image.
    pub(super) fn unpack(layout: &Path, tag: &str, scratch: &Path) -> Result<Self> {
        let folder = scratch.join("bundle");
        process::run(
            Command::new("umoci")
                .args(["unpack", "--image"])
                .arg(format!("{}:{tag}", layout.display()))
                .arg(&folder)
                .stdout(process::stderr()?),
            "unpack the image",
        )?;
        let text = fs::read(folder.join("config.json")).context("umoci wrote no config.json")?;
        Ok(Self {
            configuration: serde_json::from_slice(&text)?,
            state: scratch.with_file_name("oci-runc"),
            folder,
        })
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.join("rootfs")
    }

    /// A container that ends by itself: what it prints.
    pub(super) fn output(&self, name: &str, run: &Run<'_>) -> Result<String> {
        self.configure(name, run)?;
        process::output(&mut self.run(name)).with_context(|| format!("in the container {name}"))
    }

    /// A container that goes on; its log goes to ours.
    pub(super) fn start(&self, name: &str, run: &Run<'_>) -> Result<Child> {
        self.configure(name, run)?;
        let mut command = self.run(name);
        command.stdout(process::stderr()?);
        command.spawn().context("runc cannot be started")
    }

    /// A further command in a container that runs, as a probe does it.
    pub(super) fn exec(&self, name: &str, args: &[&str]) -> Command {
        let mut command = self.runc();
        command.args(["exec", name, WEIR]).args(args);
        command
    }

    /// Ends a container as an orchestrator does.
    pub(super) fn terminate(&self, name: &str) -> Result<()> {
        process::run(
            self.runc().args(["kill", name, "TERM"]),
            "stop the container",
        )
    }

    /// The most memory that a container had at once, where this machine's kernel says it.
    pub(super) fn memory_bytes_peak(&self, name: &str) -> Option<u64> {
        let stats = process::output(self.runc().args(["events", "--stats", name])).ok()?;
        let stats: Value = serde_json::from_str(&stats).ok()?;
        stats["data"]["memory"]["usage"]["max"].as_u64()
    }

    fn run(&self, name: &str) -> Command {
        let mut command = self.runc();
        command
            .args(["run", "--bundle"])
            .arg(&self.folder)
            .arg(name)
            .stdin(Stdio::null());
        command
    }

    fn runc(&self) -> Command {
        let mut command = Command::new("runc");
        command.arg("--root").arg(&self.state);
        command
    }

    /// A container of this name that an earlier run of this tool left, because it was killed, goes.
    fn configure(&self, name: &str, run: &Run<'_>) -> Result<()> {
        process::succeeds(self.runc().args(["delete", "--force", name]));
        let empty_dirs = self.folder.join("empty-dirs");
        staged::remove(&empty_dirs)?;
        fs::create_dir(&empty_dirs)?;
        for folder in EMPTY_DIRS {
            let folder = Path::new(folder.trim_start_matches('/'));
            staged::folder(&empty_dirs, folder, 0o755)?;
            let made = empty_dirs.join(folder);
            chown(&made, Some(0), Some(USER)).with_context(|| made.display().to_string())?;
            staged::folder(&empty_dirs, folder, 0o2777)?;
        }
        let text = configured(self.configuration.clone(), &empty_dirs, run).to_string();
        let file = self.folder.join("config.json");
        fs::write(&file, text).with_context(|| file.display().to_string())
    }
}

/// The image's own configuration under the restrictions of `packaging/kubernetes/deployment.yaml`.
fn configured(mut configuration: Value, empty_dirs: &Path, run: &Run<'_>) -> Value {
    let process = &mut configuration["process"];
    let mut args = vec![json!(WEIR)];
    args.extend(run.args.iter().map(|arg| json!(arg)));
    process["args"] = args.into();
    process["terminal"] = false.into();
    process["noNewPrivileges"] = true.into();
    process["capabilities"] = json!({});
    extend(
        &mut process["env"],
        run.env.iter().map(|variable| json!(variable)),
    );
    configuration["root"]["readonly"] = true.into();
    let mounts = &mut configuration["mounts"];
    if let Some(mounts) = mounts.as_array_mut() {
        // umoci mounts the image's volumes in its own way.
        mounts.retain(|mount| {
            !EMPTY_DIRS
                .iter()
                .any(|folder| mount["destination"] == *folder)
        });
    }
    extend(
        mounts,
        EMPTY_DIRS.map(|folder| {
            let source = empty_dirs.join(folder.trim_start_matches('/'));
            json!({
                "destination": folder, "type": "bind", "source": source,
                "options": ["bind", "rw", "nosuid", "nodev"],
            })
        }),
    );
    let mounted = run.mounted.iter().map(|mounted| {
        json!({
            "destination": mounted.at, "type": "bind", "source": mounted.file,
            "options": ["bind", "ro"],
        })
    });
    extend(mounts, mounted);
    if run.on_host_network
        && let Some(namespaces) = configuration["linux"]["namespaces"].as_array_mut()
    {
        namespaces.retain(|namespace| namespace["type"] != "network");
    }
    if let Some(resources) = run.resources {
        configuration["linux"]["resources"]["memory"] =
            json!({ "limit": resources.memory_mib << 20, "swap": resources.memory_mib << 20 });
        configuration["linux"]["resources"]["cpu"] =
            json!({ "period": 100_000, "quota": resources.millicores * 100 });
    }
    configuration
}

fn extend(list: &mut Value, more: impl IntoIterator<Item = Value>) {
    if list.is_null() {
        *list = json!([]);
    }
    if let Some(list) = list.as_array_mut() {
        list.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_has_no_more_than_kubernetes_would_give_it() {
        let image = json!({
            "process": { "args": ["x"], "env": ["A=1"], "user": { "uid": 10_001 },
                         "capabilities": { "bounding": ["CAP_CHOWN"] } },
            "root": { "path": "rootfs" },
            "mounts": [{ "destination": "/proc" }, { "destination": "/var/lib/weir" }],
            "linux": { "namespaces": [{ "type": "pid" }, { "type": "network" }] },
        });
        let run = Run {
            args: &["run"],
            env: &["B=2"],
            on_host_network: true,
            resources: Some(Resources {
                memory_mib: 128,
                millicores: 500,
            }),
            ..Run::default()
        };
        let made = configured(image, Path::new("/e"), &run);
        assert_eq!(made["process"]["args"], json!(["/usr/bin/weir", "run"]));
        assert_eq!(made["process"]["env"], json!(["A=1", "B=2"]));
        assert_eq!(made["process"]["user"]["uid"], 10_001);
        assert_eq!(made["process"]["capabilities"], json!({}));
        assert_eq!(made["root"]["readonly"], true);
        assert_eq!(made["mounts"].as_array().unwrap().len(), 5);
        assert_eq!(made["linux"]["namespaces"], json!([{ "type": "pid" }]));
        assert_eq!(made["linux"]["resources"]["memory"]["limit"], 134_217_728);
        assert_eq!(made["linux"]["resources"]["cpu"]["quota"], 50_000);
    }
}
