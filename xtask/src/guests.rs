use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use crate::{
    process::{self, say, since},
    tree::Tree,
};

/// A guest that ships, and the target that it is built for.
struct Guest {
    name: &'static str,
    package: &'static str,
    target: &'static str,
    /// Said before it is built for the first time.
    note: &'static str,
    /// The size of the file that is promised.
    kib_max: Option<u64>,
}

const GUESTS: [Guest; 5] = [
    Guest {
        name: "anomaly",
        package: "anomaly",
        target: "wasm32v1-none",
        note: "seconds",
        kib_max: None,
    },
    Guest {
        name: "tinynn",
        package: "tinynn",
        target: "wasm32v1-none",
        note: "seconds",
        kib_max: Some(48),
    },
    Guest {
        name: "onnx",
        package: "onnx",
        target: "wasm32-unknown-unknown",
        note: "tract; about 6 minutes the first time",
        kib_max: None,
    },
    Guest {
        name: "nn",
        package: "nn",
        target: "wasm32-unknown-unknown",
        note: "seconds",
        kib_max: None,
    },
    Guest {
        name: "nn-scalar",
        package: "nn",
        target: "wasm32v1-none",
        note: "seconds",
        kib_max: None,
    },
];

/// The packages of the guests' workspace whose tests run on the host. Not `onnx`: tract would be built twice,
/// and its tests run the wasm file in every engine (`tests/conformance`).
pub(crate) const TESTED_NATIVELY: [&str; 7] = [
    "guest-abi",
    "weir-guest",
    "anomaly",
    "int8-network",
    "nn",
    "nn-graph",
    "tinynn",
];

/// What the guests are built from: the packages for each target.
pub(crate) fn packages() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut packages = BTreeMap::<_, Vec<_>>::new();
    for guest in &GUESTS {
        packages
            .entry(guest.target)
            .or_default()
            .push(guest.package);
    }
    packages
}

/// Builds every guest and collects the files, with the models beside them, as an installation has them.
pub(crate) fn build(tree: &Tree) -> Result<()> {
    link_models(tree)?;
    for guest in &GUESTS {
        let start = Instant::now();
        let built = tree
            .guests_target()
            .join(guest.target)
            .join("release")
            .join(format!("{}.wasm", guest.package));
        if built.exists() {
            say(&format!("guest {}: building what changed", guest.name));
        } else {
            say(&format!("guest {}: building ({})", guest.name, guest.note));
        }
        compile(tree, guest)?;
        let collected = collect(tree, guest, &built)?;
        let kib = fs::metadata(&collected)?.len().div_ceil(1024);
        say(&format!(
            "guest {}: {}, {kib} KiB, {}",
            guest.name,
            tree.shown(&collected),
            since(start)
        ));
        if let Some(kib_max) = guest.kib_max {
            ensure!(
                kib <= kib_max,
                "guest {} has {kib} KiB, {kib_max} KiB are promised: make it smaller",
                guest.name
            );
        }
    }
    Ok(())
}

fn compile(tree: &Tree, guest: &Guest) -> Result<()> {
    let mut cargo = process::guests_cargo(&tree.guests());
    cargo
        .args(["build", "--release", "--package", guest.package])
        .args(["--target", guest.target])
        .arg("--target-dir")
        .arg(tree.guests_target())
        .stdout(process::stderr()?);
    process::run(&mut cargo, &format!("build guest {}", guest.name))
}

/// Puts the file in place in one step, and only where it differs: a running weir sees the old one or the new one,
/// and what was compiled from it stays fresh.
fn link_models(tree: &Tree) -> Result<()> {
    let guests = tree.collected_guests();
    fs::create_dir_all(&guests)?;
    let link = guests.with_file_name("models");
    let models = tree.models();
    if fs::read_link(&link).is_ok_and(|linked| linked == models) {
        return Ok(());
    }
    match fs::remove_file(&link) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(std::os::unix::fs::symlink(models, link)?),
    }
}

fn collect(tree: &Tree, guest: &Guest, built: &Path) -> Result<PathBuf> {
    let folder = tree.collected_guests();
    fs::create_dir_all(&folder)?;
    let collected = folder.join(format!("{}.wasm", guest.name));
    let fresh = fs::read(built).with_context(|| format!("guest {} left no file", guest.name))?;
    if fs::read(&collected).is_ok_and(|old| old == fresh) {
        return Ok(collected);
    }
    let partial = folder.join(format!("{}.wasm.partial", guest.name));
    fs::write(&partial, fresh)?;
    fs::rename(&partial, &collected)?;
    Ok(collected)
}
