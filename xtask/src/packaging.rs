//! What is packaged, checked without packaging it: shell scripts, Kubernetes' objects, the Dockerfile.

use std::{
    ffi::OsStr,
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    prepare::{self, Installing, Needs},
    process::{self, say},
    tree::Tree,
};

/// The validators from PyPI, with the versions that are known to accept what is here.
const REQUIREMENTS: &str = "packaging/requirements.txt";

/// Kubernetes' schemas: the oldest release and the newest that the objects are for.
const KUBERNETES: [&str; 2] = ["1.28", "1.37"];

/// Which objects are applied. It is no object, so Kubernetes has no schema for it; a test reads it.
const KUSTOMIZATION: &str = "kustomization.yaml";

/// Checks everything that a program can check.
///
/// # Errors
/// Says the first file that a checker does not accept; the checker has said why.
pub(crate) fn check(tree: &Tree, installing: Installing) -> Result<()> {
    prepare::prepare(&Needs::PACKAGING, installing)?;
    let files = files(&tree.root)?;
    let mut scripts = Vec::new();
    for file in &files {
        if is_script(&tree.root, file)? {
            scripts.push(file);
        }
    }
    process::run(
        Command::new("shellcheck")
            .args(["--external-sources", "--"])
            .args(&scripts)
            .current_dir(&tree.root),
        "check the shell scripts",
    )?;
    say(&format!("shellcheck accepts {} scripts", scripts.len()));
    let venv = venv(tree)?;
    kubernetes(tree, &venv, &files)?;
    containers(tree, &venv, &files)
}

fn kubernetes(tree: &Tree, venv: &Path, files: &[PathBuf]) -> Result<()> {
    let objects = named(files, |file| {
        file.starts_with("packaging/kubernetes")
            && file.extension() == Some(OsStr::new("yaml"))
            && file.file_name() != Some(OsStr::new(KUSTOMIZATION))
    });
    for version in KUBERNETES {
        process::run(
            Command::new(venv.join("bin/kubernetes-validate"))
                .args(["--strict", "--quiet", "--kubernetes-version", version])
                .args(&objects)
                .current_dir(&tree.root),
            "validate Kubernetes' objects",
        )?;
    }
    say(&format!(
        "Kubernetes' schemas {} accept {} files",
        KUBERNETES.join(" and "),
        objects.len()
    ));
    Ok(())
}

fn containers(tree: &Tree, venv: &Path, files: &[PathBuf]) -> Result<()> {
    let is = |name: &'static str| move |file: &Path| file.file_name() == Some(OsStr::new(name));
    process::run(
        Command::new(venv.join("bin/hadolint"))
            .args(named(files, is("Dockerfile")))
            .current_dir(&tree.root),
        "check the Dockerfile",
    )?;
    process::run(
        Command::new(venv.join("bin/check-jsonschema"))
            .args(["--builtin-schema", "vendor.compose-spec"])
            .args(named(files, is("compose.yaml")))
            .stdout(process::stderr()?)
            .current_dir(&tree.root),
        "validate what Compose reads",
    )?;
    say("hadolint accepts the Dockerfile, the schema of Compose compose.yaml");
    Ok(())
}

fn named(files: &[PathBuf], wanted: impl Fn(&Path) -> bool) -> Vec<&PathBuf> {
    files.iter().filter(|file| wanted(file)).collect()
}

/// What git tracks or would track.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let listed = process::output(Command::new("git").current_dir(root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let files = listed.split_terminator('\0').map(PathBuf::from);
    Ok(files.filter(|file| root.join(file).is_file()).collect())
}

/// By name, or by the first line: maintainer scripts have no extension.
fn is_script(root: &Path, file: &Path) -> Result<bool> {
    if file.extension() == Some(OsStr::new("sh")) {
        return Ok(true);
    }
    let mut start = Vec::new();
    fs::File::open(root.join(file))?
        .take(64)
        .read_to_end(&mut start)?;
    let start = String::from_utf8_lossy(&start);
    let first = start.lines().next().unwrap_or_default();
    Ok(["#!/bin/sh", "#!/bin/bash", "#!/usr/bin/env bash"]
        .iter()
        .any(|shell| first.starts_with(shell)))
}

/// A Python environment with the validators; made once, and anew where they change.
fn venv(tree: &Tree) -> Result<PathBuf> {
    let venv = tree.target.join("packaging-venv");
    let requirements = tree.root.join(REQUIREMENTS);
    let asked = fs::read(&requirements).with_context(|| REQUIREMENTS.to_owned())?;
    let stamp = venv.join("requirements.txt");
    if fs::read(&stamp).is_ok_and(|installed| installed == asked) {
        return Ok(venv);
    }
    say("installing the validators from PyPI");
    process::run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
        "make a Python environment",
    )?;
    process::run(
        Command::new(venv.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .arg("--requirement")
            .arg(&requirements),
        "install the validators",
    )?;
    fs::write(&stamp, asked).with_context(|| stamp.display().to_string())?;
    Ok(venv)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everything_but_the_secrets_placeholder_is_applied() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/kubernetes");
        let text = fs::read_to_string(root.join(KUSTOMIZATION)).unwrap();
        let applied: BTreeSet<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("  - "))
            .collect();
        let names: Vec<_> = fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let expected: BTreeSet<_> = names
            .iter()
            .map(String::as_str)
            .filter(|name| {
                name.ends_with(".yaml") && ![KUSTOMIZATION, "secret.yaml"].contains(name)
            })
            .collect();
        let applied: BTreeSet<_> = applied
            .into_iter()
            .filter(|name| name.ends_with(".yaml"))
            .collect();
        assert_eq!(applied, expected);
    }

    #[test]
    fn scripts_are_found_by_name_and_by_first_line() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, expected) in [
            ("postinst", "#!/bin/sh\nset -e\n", true),
            ("run", "#!/usr/bin/env bash\n", true),
            ("part.sh", "# sourced\n", true),
            ("train.py", "#!/usr/bin/env python3\n", false),
            ("model.onnx", "\u{8}\u{1}", false),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
            let found = is_script(folder.path(), Path::new(name)).unwrap();
            assert_eq!(found, expected, "{name}");
        }
    }
}
