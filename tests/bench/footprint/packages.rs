use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context, Result, ensure};
use weir_tests::bench::{Row, Spread};

use crate::{BENCH, sizes::megabytes};

/// The sizes of the packages that `cargo xtask deb` made last, one for each architecture: the file, and all that it
/// puts on the disk.
pub(crate) fn rows() -> Result<Vec<Row>> {
    let packages = newest(&weir_tests::target_folder()?.join("deb"))?;
    if packages.is_empty() {
        eprintln!("no packages: `cargo xtask deb` makes them, then they are measured too");
    }
    let mut rows = Vec::new();
    for (arch, package) in packages {
        rows.push(row(
            format!("package/{arch}"),
            fs::metadata(&package)?.len(),
        )?);
        rows.push(row(
            format!("installed/{arch}"),
            installed_bytes(&package)?,
        )?);
    }
    Ok(rows)
}

/// The package of each architecture that was made last.
fn newest(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut newest: BTreeMap<String, (SystemTime, PathBuf)> = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        let Some(arch) = arch(&path) else { continue };
        let made = fs::metadata(&path)?.modified()?;
        let known = newest.get(&arch).map(|(known, _)| *known);
        if known.is_none_or(|known| known < made) {
            newest.insert(arch, (made, path));
        }
    }
    let packages = newest.into_iter();
    Ok(packages.map(|(arch, (_, path))| (arch, path)).collect())
}

/// The architecture in `weir_<version>_<architecture>.deb`.
fn arch(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".deb")?;
    let (_, arch) = name.strip_prefix("weir_")?.rsplit_once('_')?;
    Some(arch.to_owned())
}

fn installed_bytes(package: &Path) -> Result<u64> {
    let folder = tempfile::tempdir()?;
    let status = Command::new("dpkg-deb")
        .arg("--extract")
        .args([package, folder.path()])
        .status()
        .context("failed to unpack a package: dpkg-deb cannot be started")?;
    ensure!(status.success(), "failed to unpack {}", package.display());
    bytes_in(folder.path())
}

fn bytes_in(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            bytes += bytes_in(&entry.path())?;
        } else if kind.is_file() {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

fn row(measure: String, bytes: u64) -> Result<Row> {
    let size = Spread::of(vec![megabytes(bytes)?]).context("one size")?;
    Ok(Row::of(BENCH, measure, "MB", size))
}
