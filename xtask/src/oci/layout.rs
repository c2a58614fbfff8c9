//! An OCI image layout: blobs by digest, and the index that names them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{
    layer::{self, Layer},
    staged,
};
use crate::dist::Arch;

/// The file that says what a folder is.
const MARK: &str = "oci-layout";

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(super) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A layout that is being written.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) folder: PathBuf,
    manifests: Vec<Value>,
}

/// What an architecture is called in an image.
pub(super) fn platform(arch: Arch) -> (&'static str, Option<&'static str>) {
    match arch {
        Arch::Amd64 => ("amd64", None),
        Arch::Arm64 => ("arm64", Some("v8")),
        Arch::Armhf => ("arm", Some("v7")),
    }
}

impl Layout {
    /// Begins an empty layout; what an earlier run left in the folder goes.
    pub(super) fn begin(folder: &Path) -> Result<Self> {
        if folder.exists() && !staged::entries(folder)?.is_empty() && !folder.join(MARK).is_file() {
            bail!(
                "{} is not empty and is no OCI image layout: name another folder",
                folder.display()
            );
        }
        staged::remove(folder)?;
        fs::create_dir_all(folder.join("blobs/sha256"))
            .with_context(|| folder.display().to_string())?;
        let mark = json!({ "imageLayoutVersion": "1.0.0" });
        staged::write(folder, MARK, mark.to_string().as_bytes())?;
        Ok(Self {
            folder: folder.to_owned(),
            manifests: Vec::new(),
        })
    }

    /// Moves a layer in.
    pub(super) fn add_layer(&self, layer: &Layer) -> Result<Value> {
        let blob = self.blob(&layer.digest);
        fs::rename(&layer.file, &blob).with_context(|| blob.display().to_string())?;
        Ok(descriptor(LAYER, &layer.digest, layer.packed_bytes))
    }

    /// Adds a document; returns its descriptor.
    pub(super) fn add(&self, media_type: &str, document: &Value) -> Result<Value> {
        let bytes = serde_json::to_vec(document)?;
        let digest = layer::digest_of(&bytes);
        let blob = self.blob(&digest);
        fs::write(&blob, &bytes).with_context(|| blob.display().to_string())?;
        Ok(descriptor(media_type, &digest, u64::try_from(bytes.len())?))
    }

    /// Adds the manifest of one architecture.
    pub(super) fn add_manifest(
        &mut self,
        arch: Arch,
        config: &Value,
        layers: &[Value],
    ) -> Result<()> {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config,
            "layers": layers,
        });
        let mut added = self.add(MANIFEST, &manifest)?;
        let (architecture, variant) = platform(arch);
        added["platform"] = json!({ "architecture": architecture, "os": "linux" });
        if let Some(variant) = variant {
            added["platform"]["variant"] = variant.into();
        }
        self.manifests.push(added);
        Ok(())
    }

    /// Writes the index. The tag names the image of all architectures, `<tag>-<architecture>` that of one; returns the
    /// tag.
    pub(super) fn finish(&self, version: &str) -> Result<String> {
        let tag = tag(version);
        let all = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": self.manifests });
        let mut named = vec![name(self.add(INDEX, &all)?, &tag)];
        for manifest in &self.manifests {
            let platform = &manifest["platform"];
            let architecture = platform["architecture"].as_str().unwrap_or_default();
            named.push(name(manifest.clone(), &format!("{tag}-{architecture}")));
        }
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": named });
        staged::write(&self.folder, "index.json", index.to_string().as_bytes())?;
        Ok(tag)
    }

    fn blob(&self, digest: &str) -> PathBuf {
        self.folder.join("blobs").join(digest.replacen(':', "/", 1))
    }
}

/// Weir's version of a package's: without Debian's revision, and without what a tag may not have.
fn tag(version: &str) -> String {
    let upstream = version
        .rsplit_once('-')
        .map_or(version, |(upstream, _)| upstream);
    upstream.replace(['+', '~', ':'], "-")
}

fn name(mut descriptor: Value, tag: &str) -> Value {
    descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
    descriptor
}

fn descriptor(media_type: &str, digest: &str, size: u64) -> Value {
    json!({ "mediaType": media_type, "digest": digest, "size": size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_debian_become_tags() {
        assert_eq!(tag("0.1.0-1"), "0.1.0");
        assert_eq!(tag("1:0.2.0~rc1+deb12-2"), "1-0.2.0-rc1-deb12");
    }

    #[test]
    fn a_folder_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("photo.jpg"), "").unwrap();
        assert!(Layout::begin(folder.path()).is_err());
        assert!(folder.path().join("photo.jpg").exists());
    }

    #[test]
    fn an_index_names_every_architecture() {
        let folder = tempfile::tempdir().unwrap();
        let mut layout = Layout::begin(folder.path()).unwrap();
        for arch in Arch::ALL {
            let config = layout
                .add(CONFIG, &json!({ "architecture": arch.name() }))
                .unwrap();
            layout.add_manifest(arch, &config, &[]).unwrap();
        }
        assert_eq!(layout.finish("0.1.0").unwrap(), "0.1.0");
        let index = fs::read(folder.path().join("index.json")).unwrap();
        let index: Value = serde_json::from_slice(&index).unwrap();
        let names: Vec<_> = index["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                entry["annotations"]["org.opencontainers.image.ref.name"]
                    .as_str()
                    .unwrap()
            })
            .collect();
        assert_eq!(names, ["0.1.0", "0.1.0-amd64", "0.1.0-arm64", "0.1.0-arm"]);
    }
}
