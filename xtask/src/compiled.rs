//! The code of guests that packages carry, for every processor of an architecture.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{
    dist::Arch,
    process::{self, say, since},
    tree::Tree,
};

/// The guest for engines that interpret; for Wasmtime there is `nn`.
const INTERPRETED: &str = "nn-scalar";
/// What was made when the maker and the guests were last the same.
const STAMP: &str = "made-of";

/// Puts the compiled guests of an architecture into a folder; nothing where Wasmtime does not compile for it.
///
/// # Errors
/// Fails where the maker cannot be built, or refuses a guest.
pub(crate) fn make(tree: &Tree, arch: Arch, folder: &Path) -> Result<()> {
    if !arch.has_compiled_engine() {
        return Ok(());
    }
    let mut guests = files(&tree.collected_guests(), "wasm")?;
    guests.retain(|guest| guest.file_stem().is_some_and(|name| name != INTERPRETED));
    let maker = maker(tree)?;
    let made = tree.target.join("compiled").join(arch.name());
    let stamp = made.join(STAMP);
    let made_of = digest(guests.iter().chain([&maker]))?;
    if fs::read_to_string(&stamp).ok().as_ref() != Some(&made_of) {
        compile(&maker, arch, &guests, &made)?;
        fs::write(stamp, made_of)?;
    }
    fs::create_dir_all(folder)?;
    for file in files(&made, "xz")? {
        let name = file.file_name().context("a file has a name")?;
        fs::copy(&file, folder.join(name))?;
    }
    Ok(())
}

fn compile(maker: &Path, arch: Arch, guests: &[PathBuf], into: &Path) -> Result<()> {
    let start = Instant::now();
    say(&format!("{}: compiling guests for packages", arch.name()));
    if into.exists() {
        fs::remove_dir_all(into)?;
    }
    fs::create_dir_all(into)?;
    let mut command = Command::new(maker);
    command.arg(arch.triple()).arg(into).args(guests);
    let made = process::output(&mut command)?;
    for line in made.lines() {
        say(&format!("{}: {line}", arch.name()));
    }
    say(&format!(
        "{}: guests compiled, {}",
        arch.name(),
        since(start)
    ));
    Ok(())
}

/// The program that compiles: for other processors too, which weir itself does not. It has a folder of its own, so that
/// nothing else is built with what it needs.
fn maker(tree: &Tree) -> Result<PathBuf> {
    const PROGRAM: &str = "precompile-guest";
    let folder = tree.target.join("precompile");
    let mut cargo = process::guests_cargo(&tree.root);
    cargo
        .args(["build", "--locked", "--package", "weir-engine-wasmtime"])
        .args(["--features", "cross", "--bin", PROGRAM, "--target-dir"])
        .arg(&folder)
        .stdout(process::stderr()?);
    process::run(&mut cargo, "build what compiles guests for packages")?;
    Ok(folder.join("debug").join(PROGRAM))
}

fn digest<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<String> {
    let mut digest = Sha256::new();
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("{} is missing", file.display()))?;
        digest.update(Sha256::digest(bytes));
    }
    let digest = digest.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|known| known == ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
