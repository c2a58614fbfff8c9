//! The pages of `docs/`: what they show is done here, from the page itself.

use std::{collections::BTreeMap, env, fs, os::unix::fs::symlink, path::Path};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::{
    program::{self, weir},
    site::{cache_home, config},
};

/// Flags for the host, which a guest must not be built with.
const HOST_FLAGS: [&str; 3] = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"];

#[tokio::test]
async fn the_example_guests_build_and_run() -> Result<()> {
    let page = page("guests.md")?;
    let folder = tempfile::tempdir()?;
    symlink(weir_tests::repository(), folder.path().join("weir"))?;
    fs::create_dir_all(folder.path().join("loudness/src"))?;
    fs::create_dir_all(folder.path().join("loudness/.cargo"))?;
    let files = files(&page);
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("loud")) {
        fs::write(folder.path().join(path), text)?;
    }
    let config = config(1)?.section(block(&page, "[pipeline.loudness]")?);
    let guests = config.folder().join("guests");
    fs::create_dir(&guests)?;
    fs::create_dir(config.folder().join("conf.d"))?;
    let paths = "[paths]\nguests = [\"../guests\"]\n";
    fs::write(config.folder().join("conf.d/guests.toml"), paths)?;
    let guest = guests.join("loudness.wasm");

    build(&folder.path().join("loudness"), &guest).await?;
    let shown = block(&page, "guest    loudness@1.0.0")?;
    let shown: Vec<&str> = shown.lines().filter(|line| line.trim() != "…").collect();
    weir(&["guest", "inspect"], &[&guest])
        .await?
        .says(0, &shown)?;
    runs(&guest, "rp2040", "ok: wasmi").await?;
    runs(&guest, "esp32", "ok: wasm3").await?;
    let payload = "{\"samples\": [0.1, -0.7, 0.3]}";
    ensure!(page.contains(payload), "the page has another payload");
    let input = config.folder().join("payload.json");
    fs::write(&input, payload)?;
    let mut command = program::command(&["test", "loudness", "--config"], &[config.write()?])?;
    command.arg("--input").arg(&input);
    let tested = program::finish(command).await?;
    tested.says(0, &[r#"{"name":"level","shape":[1],"data":[0.7]}"#])?;

    let smooth = files.get("smooth/src/lib.rs").context("a second example")?;
    fs::write(folder.path().join("loudness/src/lib.rs"), smooth)?;
    let guest = guests.join("smooth.wasm");
    build(&folder.path().join("loudness"), &guest).await?;
    runs(&guest, "rp2040", "ok: wasmi").await
}

#[tokio::test]
async fn troubleshooting_has_every_exit_code() -> Result<()> {
    let help = weir::<_, &str>(&["--help"], &[]).await?;
    let (_, listed) = help.out.split_once("Exit codes:\n").context("a list")?;
    let listed = listed.lines().filter_map(|line| line.strip_prefix("  "));
    let listed = listed.filter_map(|line| line.split_once(' ')?.0.parse().ok());
    let text = page("troubleshooting.md")?;
    let described = text.lines().filter_map(|line| {
        let number = line.strip_prefix("### Exit code ")?;
        number.parse().ok()
    });
    let (listed, described): (Vec<u8>, Vec<u8>) = (listed.collect(), described.collect());
    assert_eq!(listed, described, "docs/troubleshooting.md");
    ensure!(!listed.is_empty(), "{help}");
    Ok(())
}

fn page(name: &str) -> Result<String> {
    let path = weir_tests::repository().join("docs").join(name);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// The blocks of a page that a line such as "`loudness/src/lib.rs`:" or "`Cargo.toml`, which …:" names.
fn files(page: &str) -> BTreeMap<&str, &str> {
    let mut files = BTreeMap::new();
    for (before, text) in blocks(page) {
        let named = before.trim_end().rsplit('\n').next().unwrap_or_default();
        let path = named
            .strip_prefix('`')
            .and_then(|rest| rest.split_once('`'));
        if let Some((path, _)) = path.filter(|_| named.ends_with(':')) {
            files.insert(path, text);
        }
    }
    files
}

/// The block that begins so.
fn block<'p>(page: &'p str, begin: &str) -> Result<&'p str> {
    let mut found = blocks(page).map(|(_, text)| text);
    found
        .find(|text| text.starts_with(begin))
        .with_context(|| format!("no block begins with {begin}"))
}

/// Every fenced block, with what stands between it and the one before.
fn blocks(page: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut parts = page.split("```");
    std::iter::from_fn(move || {
        let before = parts.next()?;
        let (_, text) = parts.next()?.split_once('\n')?;
        Some((before, text))
    })
}

/// Builds a guest as its author does, with the versions that the shipped ones have, and puts it there.
async fn build(package: &Path, guest: &Path) -> Result<()> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("example-guest");
    let lock = weir_tests::repository().join("guests/Cargo.lock");
    fs::copy(lock, package.join("Cargo.lock"))?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(package)
        .args(["build", "--release", "--offline", "--target-dir"]);
    cargo.arg(&target);
    for name in HOST_FLAGS {
        cargo.env_remove(name);
    }
    program::finish(cargo).await?.says(0, &[])?;
    fs::copy(target.join("wasm32v1-none/release/loudness.wasm"), guest)?;
    Ok(())
}

async fn runs(guest: &Path, profile: &str, words: &str) -> Result<()> {
    let mut command = program::command(&["guest", "test"], &[guest])?;
    command.args(["--profile", profile]);
    command.env("XDG_CACHE_HOME", cache_home());
    program::finish(command).await?.says(0, &[words])
}
