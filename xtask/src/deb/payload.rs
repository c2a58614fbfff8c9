use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use super::{Source, changelog, notices, report::Part, stage::Stage};
use crate::{compiled, process};

/// Beside the programs, Debian keeps no names of symbols and no notes of compilers.
const STRIPPED: [&str; 3] = [
    "--strip-unneeded",
    "--remove-section=.comment",
    "--remove-section=.note",
];

/// Of a model's folder, what a node reads and a person who chooses one.
const OF_A_MODEL: [&str; 4] = ["CARD.md", "model.int8", "model.onnx", "model.toml"];

/// Puts everything in its place, and says which part of the package lies where.
pub(super) fn put(source: &Source<'_>, stage: &Stage) -> Result<Vec<Part>> {
    programs(source, stage)?;
    guests(source, stage)?;
    models(source, stage)?;
    service(source, stage)?;
    manual(source, stage)?;
    documentation(source, stage)?;
    let parts = [
        ("weir", "usr/bin"),
        ("weir-wasm3", "usr/lib/weir/weir-wasm3"),
        ("guests", "usr/share/weir/guests"),
        ("precompiled guests", "usr/lib/weir/compiled"),
        ("models", "usr/share/weir/models"),
        ("documentation", "usr/share/doc"),
    ];
    let parts = parts.into_iter().map(|(name, place)| Part { name, place });
    Ok(parts.collect())
}

fn programs(source: &Source<'_>, stage: &Stage) -> Result<()> {
    let programs = [
        (&source.programs.weir, "usr/bin/weir"),
        (&source.programs.worker, "usr/lib/weir/weir-wasm3"),
    ];
    for (from, to) in programs {
        let place = stage.copy_program(from, to)?;
        let mut strip = Command::new(source.arch.tool("strip"));
        process::run(strip.args(STRIPPED).arg(&place), "strip a program")?;
    }
    Ok(())
}

fn guests(source: &Source<'_>, stage: &Stage) -> Result<()> {
    for guest in files(&source.tree.collected_guests(), &["wasm"])? {
        stage.copy(&guest, &format!("usr/share/weir/guests/{}", name(&guest)))?;
    }
    let compiled = stage.root().join("usr/lib/weir/compiled");
    if source.without_compiled {
        return Ok(());
    }
    compiled::make(source.tree, source.arch, &compiled)
}

fn models(source: &Source<'_>, stage: &Stage) -> Result<()> {
    for model in folders(&source.tree.models())? {
        if !model.join("model.toml").is_file() {
            continue;
        }
        let place = format!("usr/share/weir/models/{}", name(&model));
        for part in OF_A_MODEL {
            let file = model.join(part);
            if file.is_file() {
                stage.copy(&file, &format!("{place}/{part}"))?;
            }
        }
        for golden in files(&model.join("golden"), &["f32"])? {
            stage.copy(&golden, &format!("{place}/golden/{}", name(&golden)))?;
        }
    }
    Ok(())
}

fn service(source: &Source<'_>, stage: &Stage) -> Result<()> {
    let packaging = source.tree.packaging();
    stage.copy(
        &packaging.join("systemd/weir.service"),
        "usr/lib/systemd/system/weir.service",
    )?;
    stage.copy(&packaging.join("deb/weir.toml"), "etc/weir/weir.toml")?;
    Ok(())
}

fn manual(source: &Source<'_>, stage: &Stage) -> Result<()> {
    let packaging = source.tree.packaging();
    let pages = files(&packaging.join("man"), &["1", "5"])?;
    ensure!(
        !pages.is_empty(),
        "packaging/man has no pages: `cargo xtask bless` writes them"
    );
    for page in pages {
        let section = page.extension().unwrap_or_default().to_string_lossy();
        stage.copy(
            &page,
            &format!("usr/share/man/man{section}/{}.gz", name(&page)),
        )?;
    }
    let completions = packaging.join("completions");
    for (from, to) in [
        ("weir.bash", "usr/share/bash-completion/completions/weir"),
        ("_weir", "usr/share/zsh/vendor-completions/_weir"),
        ("weir.fish", "usr/share/fish/vendor_completions.d/weir.fish"),
    ] {
        stage.copy(&completions.join(from), to)?;
    }
    Ok(())
}

fn documentation(source: &Source<'_>, stage: &Stage) -> Result<()> {
    const DOC: &str = "usr/share/doc/weir";
    let root = &source.tree.root;
    let deb = source.tree.packaging().join("deb");
    stage.copy(&deb.join("copyright"), &format!("{DOC}/copyright"))?;
    stage.copy(
        &deb.join("lintian-overrides"),
        "usr/share/lintian/overrides/weir",
    )?;
    stage.write(
        &format!("{DOC}/changelog.Debian.gz"),
        changelog::changelog(source)?.as_bytes(),
    )?;
    stage.write(
        &format!("{DOC}/THIRD-PARTY.gz"),
        notices::notices(source)?.as_bytes(),
    )?;
    for page in files(&root.join("docs"), &["md"])? {
        stage.copy(&page, &format!("{DOC}/{}", name(&page)))?;
    }
    for (folder, ending) in [("pictures", "svg"), ("schemas", "json")] {
        for file in files(&root.join("docs").join(folder), &[ending])? {
            stage.copy(&file, &format!("{DOC}/{folder}/{}", name(&file)))?;
        }
    }
    copy_all(
        stage,
        &root.join("broker-config"),
        &format!("{DOC}/broker-config"),
    )?;
    let examples = files(&source.tree.packaging().join("systemd"), &["conf"])?;
    for example in examples {
        stage.copy(&example, &format!("{DOC}/examples/{}", name(&example)))?;
    }
    Ok(())
}

fn copy_all(stage: &Stage, from: &Path, to: &str) -> Result<()> {
    for file in files(from, &["acl", "conf", "md", "toml"])? {
        stage.copy(&file, &format!("{to}/{}", name(&file)))?;
    }
    for folder in folders(from)? {
        copy_all(stage, &folder, &format!("{to}/{}", name(&folder)))?;
    }
    Ok(())
}

/// The files of a folder with one of these endings, by name.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = entries(folder)?;
    found.retain(|path| {
        let ending = path.extension().unwrap_or_default();
        path.is_file() && endings.iter().any(|known| *known == ending)
    });
    Ok(found)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = entries(folder)?;
    found.retain(|path| path.is_dir());
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
