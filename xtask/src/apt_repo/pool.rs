use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

/// Where packages lie in a repository.
const POOL: &str = "pool/main/w/weir";

/// Copies packages into the pool. Those that are there stay: a fleet may go back to them.
pub(super) fn add(debs: &Path, repository: &Path) -> Result<()> {
    let pool = repository.join(POOL);
    fs::create_dir_all(&pool)?;
    let found = packages(debs)?;
    let kept = packages(&pool)?;
    ensure!(
        !found.is_empty() || !kept.is_empty(),
        "no packages in {}: `cargo xtask deb` makes them",
        debs.display()
    );
    for package in found {
        let name = package.file_name().context("a file has a name")?;
        let place = pool.join(name);
        if place.exists() {
            ensure!(
                fs::read(&package)? == fs::read(&place)?,
                "{} is in the repository already, with other bytes: give the new one another version",
                name.display()
            );
            continue;
        }
        let partial = pool.join(".partial");
        fs::copy(&package, &partial)?;
        fs::rename(&partial, &place)?;
    }
    Ok(())
}

fn packages(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "deb") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stay_and_never_change() {
        let folder = tempfile::tempdir().unwrap();
        let (debs, repository) = (folder.path().join("debs"), folder.path().join("repository"));
        fs::create_dir_all(&debs).unwrap();
        let words = add(&debs, &repository).unwrap_err().to_string();
        assert!(words.contains("cargo xtask deb"), "{words}");

        fs::write(debs.join("weir_1_amd64.deb"), "one").unwrap();
        add(&debs, &repository).unwrap();
        fs::remove_file(debs.join("weir_1_amd64.deb")).unwrap();
        fs::write(debs.join("weir_2_amd64.deb"), "two").unwrap();
        add(&debs, &repository).unwrap();
        assert_eq!(packages(&repository.join(POOL)).unwrap().len(), 2);

        fs::write(debs.join("weir_2_amd64.deb"), "other").unwrap();
        let words = add(&debs, &repository).unwrap_err().to_string();
        assert!(words.contains("weir_2_amd64.deb"), "{words}");
    }
}
