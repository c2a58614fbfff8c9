//! The image of one architecture: its layers, and how a container begins.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    base,
    layer::{Layer, Owned, Stamp},
    layout::{CONFIG, Layout, platform},
    package::{self, Package},
    staged,
};

/// User and group in the container, by number: Kubernetes knows by it that it is not root.
pub(super) const USER: u32 = 10_001;

/// The command of Weir's package in the image.
pub(super) const WEIR: &str = "/usr/bin/weir";

const PASSWD: &str = "root:x:0:0:root:/root:/usr/sbin/nologin\n\
                      weir:x:10001:10001:Weir:/var/lib/weir:/usr/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nweir:x:10001:\n";

/// Folders of the user, as systemd would make them for a service, with their modes.
const FOLDERS: [(&str, u32); 3] = [
    ("var/cache/weir", 0o700),
    ("var/lib/weir", 0o750),
    ("run/weir", 0o755),
];

/// Compiled guests lie in a folder that nobody else can write to: one of its own below a volume, whoever owns that.
const ENV: [&str; 7] = [
    "CACHE_DIRECTORY=/var/cache/weir/node",
    "HOME=/var/lib/weir",
    "LANG=C.UTF-8",
    "PATH=/usr/bin",
    "RUNTIME_DIRECTORY=/run/weir",
    "STATE_DIRECTORY=/var/lib/weir",
    "WEIR_CONFIG=/etc/weir/weir.toml",
];

/// Passwords: the user reads them, and changes nothing.
pub(super) const CREDENTIALS: &str = "etc/weir/credentials";

/// The image of one architecture.
#[derive(Debug)]
pub(super) struct Image {
    layers: Vec<Layer>,
}

impl Image {
    /// Makes it from a package and adds it to the layout.
    pub(super) fn make(
        package: &Package,
        stamp: &Stamp,
        scratch: &Path,
        layout: &mut Layout,
    ) -> Result<Self> {
        let scratch = scratch.join(package.arch.name());
        fs::create_dir_all(scratch.join("base")).with_context(|| scratch.display().to_string())?;
        let image = Self {
            layers: vec![
                debian(package, stamp, &scratch)?,
                weir(package, stamp, &scratch)?,
            ],
        };
        let layers: Vec<Value> = image
            .layers
            .iter()
            .map(|layer| layout.add_layer(layer))
            .collect::<Result<_>>()?;
        let config = layout.add(CONFIG, &configuration(package, stamp, &image.layers))?;
        layout.add_manifest(package.arch, &config, &layers)?;
        Ok(image)
    }

    /// Bytes that are pulled.
    pub(super) fn packed_bytes(&self) -> u64 {
        self.layers.iter().map(|layer| layer.packed_bytes).sum()
    }

    /// Bytes on the node's disk.
    pub(super) fn unpacked_bytes(&self) -> u64 {
        self.layers.iter().map(|layer| layer.unpacked_bytes).sum()
    }
}

fn debian(package: &Package, stamp: &Stamp, scratch: &Path) -> Result<Layer> {
    let root = scratch.join("base");
    base::stage(package, &root, scratch)?;
    let file = scratch.join("base.gz");
    Layer::pack(&root, &[], stamp, &file, "packages of Debian")
}

/// Our package, and what its maintainer scripts would make: the user and its folders.
fn weir(package: &Package, stamp: &Stamp, scratch: &Path) -> Result<Layer> {
    let root = scratch.join("weir");
    fs::create_dir_all(&root).with_context(|| root.display().to_string())?;
    package::unpack(&package.file, &root)?;
    staged::prune(&root)?;
    staged::write(&root, "etc/passwd", PASSWD.as_bytes())?;
    staged::write(&root, "etc/group", GROUP.as_bytes())?;
    staged::folder(&root, Path::new("etc/weir/conf.d"), 0o755)?;
    staged::folder(&root, Path::new(CREDENTIALS), 0o750)?;
    let mut owned = vec![Owned {
        folder: CREDENTIALS,
        user: 0,
        group: USER,
    }];
    for (folder, mode) in FOLDERS {
        staged::folder(&root, Path::new(folder), mode)?;
        owned.push(Owned {
            folder,
            user: USER,
            group: USER,
        });
    }
    let made_by = format!("weir {}", package.version);
    Layer::pack(&root, &owned, stamp, &scratch.join("weir.gz"), &made_by)
}

/// How a container begins, and what the image says of itself.
fn configuration(package: &Package, stamp: &Stamp, layers: &[Layer]) -> Value {
    let (architecture, variant) = platform(package.arch);
    let diff_ids: Vec<_> = layers.iter().map(|layer| &layer.diff_id).collect();
    let history: Vec<_> = layers
        .iter()
        .map(|layer| json!({ "created": stamp.written, "created_by": layer.made_by }))
        .collect();
    let mut configuration = json!({
        "created": stamp.written,
        "architecture": architecture,
        "os": "linux",
        "config": {
            "User": format!("{USER}:{USER}"),
            "Env": ENV,
            "Entrypoint": [WEIR],
            "Cmd": ["run"],
            "WorkingDir": "/",
            "Volumes": { "/var/lib/weir": {} },
            "StopSignal": "SIGTERM",
            "Labels": labels(package, stamp),
            "Healthcheck": health_check(),
        },
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
        "history": history,
    });
    if let Some(variant) = variant {
        configuration["variant"] = variant.into();
    }
    configuration
}

fn labels(package: &Package, stamp: &Stamp) -> Value {
    json!({
        "org.opencontainers.image.title": "weir",
        "org.opencontainers.image.description": "MQTT sensor topics in, inference results out",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.version": package.version,
        "org.opencontainers.image.revision": stamp.revision,
        "org.opencontainers.image.created": stamp.written,
    })
}

/// OCI keeps the key for Docker, which looks at it; podman and Kubernetes have probes of their own. Times in
/// nanoseconds.
fn health_check() -> Value {
    const SECOND: u64 = 1_000_000_000;
    json!({
        "Test": ["CMD", WEIR, "status"],
        "Interval": 30 * SECOND,
        "Timeout": 5 * SECOND,
        "StartPeriod": 60 * SECOND,
        "Retries": 3,
    })
}
