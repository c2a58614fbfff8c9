use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    finding::Finding,
    repo::{File, Repo},
};

/// The digest in each `models/<name>/model.toml` is that of the file that it names.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    repo.files
        .iter()
        .filter(|file| file.path.starts_with("models/") && file.path.ends_with("/model.toml"))
        .filter_map(|manifest| fault(repo, manifest))
        .collect()
}

#[derive(Deserialize)]
struct Manifest {
    file: String,
    sha256: String,
}

fn fault(repo: &Repo, manifest: &File) -> Option<Finding> {
    let advice = "train it again (CONTRIBUTING.md) or take back the change";
    let found = |what: String| Some(Finding::of(&manifest.path, what, advice));
    let stated: Manifest = match toml::from_str(manifest.text()?) {
        Ok(stated) => stated,
        Err(error) => return found(error.message().to_owned()),
    };
    let path = manifest.path.replace("model.toml", &stated.file);
    let Some(model) = repo.file(&path) else {
        return found(format!("{path} is missing"));
    };
    let digest: String = Sha256::digest(&model.bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if digest == stated.sha256 {
        return None;
    }
    found(format!("{} has another sha256: {digest}", stated.file))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "file = \"model.onnx\"\n\
        sha256 = \"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\"\n";

    fn found(files: &[(&str, &str)]) -> usize {
        check(&Repo::of_files(files)).len()
    }

    #[test]
    fn a_model_that_is_not_the_stated_one_is_found() {
        let manifest = ("models/a/model.toml", MANIFEST);
        assert_eq!(found(&[manifest, ("models/a/model.onnx", "x")]), 0);
        assert_eq!(found(&[manifest, ("models/a/model.onnx", "y")]), 1);
        assert_eq!(found(&[manifest]), 1);
        assert_eq!(found(&[("models/a/model.toml", "file = 3\n")]), 1);
    }
}
