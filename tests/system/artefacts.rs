//! Guests and models that no one ships: of fixtures, and of a few bytes.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use guest_abi::{DType, MANIFEST_SECTION, Manifest, TensorInfo};
use sha2::{Digest, Sha256};
use weir_tests::NodeConfig;

/// The exports that a fixture takes from `defaults/` where it has none of its own.
const DEFAULTS: [&str; 4] = ["memory", "weir_abi", "weir_buffer", "predict"];

/// Folders of a node's own for guests and models, searched before the shipped ones.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// Makes them known by a file in `conf.d`, as an installer would.
    pub(crate) fn of(config: &NodeConfig) -> Result<Self> {
        let folder = config.folder().to_owned();
        for name in ["conf.d", "guests", "models"] {
            fs::create_dir_all(folder.join(name))?;
        }
        let guests = ["../guests".into(), weir_tests::guests()?];
        let models = ["../models".into(), weir_tests::repository().join("models")];
        let text = format!("[paths]\nguests = {guests:?}\nmodels = {models:?}\n");
        fs::write(folder.join("conf.d/artefacts.toml"), text)?;
        Ok(Self { folder })
    }

    /// Puts a guest's file there.
    pub(crate) fn guest(&self, name: &str, wasm: &[u8]) -> Result<PathBuf> {
        let file = self.folder.join("guests").join(format!("{name}.wasm"));
        fs::write(&file, wasm)?;
        Ok(file)
    }

    /// Puts a model there, with a manifest of one input and one output.
    pub(crate) fn model(&self, name: &str, onnx: &[u8], dims: &[i32]) -> Result<()> {
        let digest: String = Sha256::digest(onnx)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.model_with_digest(name, onnx, dims, &digest)
    }

    /// The same, where the manifest may say another digest than the file has.
    pub(crate) fn model_with_digest(
        &self,
        name: &str,
        onnx: &[u8],
        dims: &[i32],
        digest: &str,
    ) -> Result<()> {
        let folder = self.folder.join("models").join(name);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("model.onnx"), onnx)?;
        let manifest = format!(
            r#"
            name = "{name}"
            version = "1.0.0"
            license = "Apache-2.0"
            file = "model.onnx"
            format = "onnx"
            sha256 = "{digest}"
            labels = []
            [[inputs]]
            name = "x"
            dtype = "f32"
            dims = {dims:?}
            [[outputs]]
            name = "y"
            dtype = "f32"
            dims = {dims:?}
            "#
        );
        fs::write(folder.join("model.toml"), manifest)?;
        Ok(())
    }
}

/// A fixture that says of itself that it turns `x` into `y`, up to 4096 numbers each.
pub(crate) fn fixture(name: &str) -> Result<Vec<u8>> {
    with_manifest(&without_manifest(name)?, &manifest(name))
}

/// A fixture as it is.
pub(crate) fn without_manifest(name: &str) -> Result<Vec<u8>> {
    let folder = weir_tests::repository().join("tests/fixtures");
    let read = |file: String| {
        fs::read_to_string(folder.join(&file)).with_context(|| format!("failed to read {file}"))
    };
    let own = read(format!("{name}.wat"))?;
    if own.trim_start().starts_with("(module") {
        return Ok(wat::parse_str(own)?);
    }
    let mut text = format!("(module\n{own}");
    for default in DEFAULTS {
        if !own.contains(&format!("(export \"{default}\")")) {
            text += &read(format!("defaults/{default}.wat"))?;
        }
    }
    Ok(wat::parse_str(text + ")")?)
}

/// The code with this manifest in its custom section.
pub(crate) fn with_manifest(wasm: &[u8], manifest: &Manifest) -> Result<Vec<u8>> {
    let mut section = leb128(MANIFEST_SECTION.len());
    section.extend(MANIFEST_SECTION.as_bytes());
    section.extend(postcard::to_allocvec(manifest)?);
    let mut guest = wasm.to_vec();
    guest.push(0);
    guest.extend(leb128(section.len()));
    guest.extend(section);
    Ok(guest)
}

/// What [`fixture`] says of itself.
pub(crate) fn manifest(name: &str) -> Manifest {
    let tensor = |name: &str| TensorInfo {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: vec![-1],
        len_max: 16_384,
    };
    Manifest {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        abi: guest_abi::abi_version(),
        model_format: String::new(),
        inputs: vec![tensor("x")],
        outputs: vec![tensor("y")],
        state: Vec::new(),
        labels: Vec::new(),
        features: Vec::new(),
    }
}

/// A number as WebAssembly and protocol buffers write it.
pub(crate) fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
