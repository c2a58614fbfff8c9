//! That an image holds: validators read the layout, and this machine's architecture runs.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{
    bundle::{Bundle, Run},
    image::{CREDENTIALS, USER},
    layout::{Layout, platform},
    node,
    package::Package,
};
use crate::{
    dist::Arch,
    process::{self, say},
    tree::Tree,
};

/// Proves the image.
///
/// # Errors
/// Says the first thing that does not hold.
pub(super) fn prove(
    tree: &Tree,
    layout: &Layout,
    tag: &str,
    packages: &[Package],
    scratch: &Path,
) -> Result<()> {
    validate(layout, tag, packages, scratch)?;
    let Some(here) = packages
        .iter()
        .find(|package| package.arch.cross().is_native())
    else {
        bail!(
            "none of the image's architectures is this machine's: add `--arch` for it, so that it can be run"
        );
    };
    let (architecture, _) = platform(here.arch);
    let bundle = Bundle::unpack(&layout.folder, &format!("{tag}-{architecture}"), scratch)?;
    owners(&bundle)?;
    node::prove(tree, &bundle, scratch)?;
    demo(&bundle)?;
    for other in packages
        .iter()
        .filter(|package| !package.arch.cross().is_native())
    {
        say(&format!(
            "{}: validated, not run: it is another machine's",
            other.arch.name()
        ));
    }
    Ok(())
}

/// Every digest and every document, by programs of others.
fn validate(layout: &Layout, tag: &str, packages: &[Package], scratch: &Path) -> Result<()> {
    process::run(
        Command::new("oci-image-tool")
            .args(["validate", "--type", "image"])
            .arg(&layout.folder)
            .stdout(process::stderr()?),
        "validate the image",
    )?;
    let copied = scratch.join("copied");
    let image = |tag: &str| format!("oci:{}:{tag}", layout.folder.display());
    process::run(
        Command::new("skopeo")
            .args(["copy", "--all", "--quiet"])
            .arg(image(tag))
            .arg(format!("dir:{}", copied.display())),
        "copy the image of all architectures",
    )?;
    for package in packages {
        let (architecture, _) = platform(package.arch);
        let seen = process::output(
            Command::new("skopeo")
                .args(["inspect", "--config", "--override-arch", architecture])
                .args(variant(package.arch))
                .arg(image(tag)),
        )?;
        let seen: serde_json::Value = serde_json::from_str(&seen)?;
        if seen["architecture"] != architecture
            || seen["config"]["User"] != format!("{USER}:{USER}")
        {
            bail!(
                "{} is not what skopeo finds for it: {seen}",
                package.arch.name()
            );
        }
    }
    say("oci-image-tool and skopeo accept the layout");
    Ok(())
}

fn variant(arch: Arch) -> Vec<&'static str> {
    let (_, variant) = platform(arch);
    variant.map_or_else(Vec::new, |variant| vec!["--override-variant", variant])
}

/// What is not root's, and only that.
fn owners(bundle: &Bundle) -> Result<()> {
    for (folder, user, group, mode) in [
        ("usr/bin/weir", 0, 0, 0o755),
        ("etc/weir", 0, 0, 0o755),
        (CREDENTIALS, 0, USER, 0o750),
        ("var/lib", 0, 0, 0o755),
        ("var/lib/weir", USER, USER, 0o750),
        ("var/cache/weir", USER, USER, 0o700),
    ] {
        let entry = fs::metadata(bundle.root().join(folder)).with_context(|| folder.to_owned())?;
        let found = (
            entry.uid(),
            entry.gid(),
            entry.permissions().mode() & 0o7777,
        );
        if found != (user, group, mode) {
            bail!("/{folder} has user, group and mode {found:?}");
        }
    }
    Ok(())
}

fn demo(bundle: &Bundle) -> Result<()> {
    let run = Run {
        args: &["demo", "--seconds", "20", "--json"],
        ..Run::default()
    };
    let printed = bundle.output("weir-demo", &run)?;
    let last = printed.lines().last().unwrap_or_default();
    let summary: serde_json::Value =
        serde_json::from_str(last).context("the demo's last line is its summary")?;
    let pipelines = summary["pipelines"].as_array();
    let results = pipelines
        .into_iter()
        .flatten()
        .filter_map(|pipeline| pipeline["results"].as_u64());
    let results: u64 = results.sum();
    if results == 0 || summary["lost"] != 0 {
        bail!("the demo's summary is {last}");
    }
    say(&format!(
        "the demo ran as user {USER} on a root that it cannot write to: {results} results, none lost"
    ));
    Ok(())
}
