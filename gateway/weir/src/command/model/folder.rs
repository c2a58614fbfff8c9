//! The folder of a packed model, as the store reads it.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use guest_abi::TensorInfo;
use serde::Serialize;
use weir_pack::{Packed, Runner};
use weir_profile::ModelName;
use weir_store::{Layout, Meaning, Model, ModelInput};

/// The format that guest `tinynn` loads.
const FORMAT: &str = "int8-network";
const FILE: &str = "model.int8";
/// SPDX's word for a licence that nobody stated.
const NO_LICENSE: &str = "NOASSERTION";

/// `model.toml`.
#[derive(Debug, Serialize)]
struct Manifest<'m> {
    name: &'m str,
    version: &'m str,
    license: &'m str,
    file: &'m str,
    format: &'m str,
    sha256: String,
    labels: &'m [String],
    inputs: [Input<'m>; 1],
    outputs: [Output<'m>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<Metrics>,
    golden: Golden,
}

#[derive(Debug, Serialize)]
struct Input<'m> {
    name: &'m str,
    dtype: &'m str,
    dims: &'m [i32],
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<&'m str>,
    #[serde(skip_serializing_if = "<[f64]>::is_empty")]
    mean: Vec<f64>,
    #[serde(skip_serializing_if = "<[f64]>::is_empty")]
    std: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Output<'m> {
    name: &'m str,
    dtype: &'m str,
    dims: &'m [i32],
    meaning: &'m str,
}

#[derive(Debug, Serialize)]
struct Metrics {
    accuracy: f64,
}

#[derive(Debug, Serialize)]
struct Golden {
    count: usize,
    inputs: &'static str,
    outputs: &'static str,
    tolerance: f64,
}

/// What goes into the folder.
pub(super) struct Contents<'p> {
    pub(super) name: &'p ModelName,
    pub(super) packed: &'p Packed,
    /// The model that was packed, where a `model.toml` describes it.
    pub(super) origin: Option<&'p Model>,
    pub(super) input: &'p TensorInfo,
    pub(super) output: &'p TensorInfo,
    /// Inputs whose outputs are recorded.
    pub(super) golden: &'p [Vec<f32>],
    pub(super) accuracy: Option<f64>,
}

/// The name that a folder gives its model.
pub(super) fn name(folder: &Path) -> Result<ModelName> {
    let name = folder.file_name().and_then(|name| name.to_str());
    let name = name.with_context(|| format!("{} does not name a folder", folder.display()))?;
    Ok(name.parse()?)
}

/// Writes the file, the golden pairs and last of all `model.toml`.
pub(super) fn write(folder: &Path, contents: &Contents<'_>) -> Result<()> {
    let golden = folder.join("golden");
    fs::create_dir_all(&golden)
        .with_context(|| format!("failed to make the folder {}", golden.display()))?;
    let (inputs, outputs) = golden_pairs(contents)?;
    put(&folder.join(FILE), &contents.packed.file)?;
    put(&golden.join("inputs.f32"), &inputs)?;
    put(&golden.join("outputs.f32"), &outputs)?;
    let text = toml::to_string(&manifest(contents)?)?;
    put(&folder.join("model.toml"), text.as_bytes())
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("failed to write {}", path.display()))
}

/// Little-endian, one case after the other; the outputs are those of the int8 arithmetic.
fn golden_pairs(contents: &Contents<'_>) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut runner = Runner::open(&contents.packed.file)?;
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    for input in contents.golden {
        let output = runner.run(input)?;
        inputs.extend(input.iter().flat_map(|value| value.to_le_bytes()));
        outputs.extend(output.iter().flat_map(|value| value.to_le_bytes()));
    }
    Ok((inputs, outputs))
}

fn manifest<'m>(contents: &'m Contents<'m>) -> Result<Manifest<'m>> {
    let Contents {
        packed,
        origin,
        input,
        output,
        ..
    } = contents;
    ensure!(!contents.golden.is_empty(), "there is no sample to record");
    let prepared = origin.and_then(|model| model.inputs.first());
    Ok(Manifest {
        name: contents.name.as_str(),
        version: origin.map_or("1.0.0", |model| &model.version),
        license: origin.map_or(NO_LICENSE, |model| &model.license),
        file: FILE,
        format: FORMAT,
        sha256: weir_store::sha256_hex(&weir_store::sha256(&packed.file)),
        labels: origin.map_or(&[], |model| &model.labels),
        inputs: [described(input, prepared)],
        outputs: [Output {
            name: &output.name,
            dtype: "f32",
            dims: &output.dims,
            meaning: meaning(packed, *origin),
        }],
        metrics: contents.accuracy.map(|accuracy| Metrics { accuracy }),
        golden: Golden {
            count: contents.golden.len(),
            inputs: "golden/inputs.f32",
            outputs: "golden/outputs.f32",
            tolerance: 0.0,
        },
    })
}

fn described<'m>(info: &'m TensorInfo, prepared: Option<&ModelInput>) -> Input<'m> {
    let numbers = |values: &[f32]| values.iter().map(|value| shortest(*value)).collect();
    Input {
        name: &info.name,
        dtype: "f32",
        dims: &info.dims,
        layout: prepared
            .and_then(|input| input.layout)
            .map(|layout| match layout {
                Layout::ChannelsFirst => "channels-first",
                Layout::ChannelsLast => "channels-last",
            }),
        mean: prepared.map_or_else(Vec::new, |input| numbers(&input.mean)),
        std: prepared.map_or_else(Vec::new, |input| numbers(&input.std)),
    }
}

/// The `f64` with the fewest digits that is this `f32`.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| value.into())
}

fn meaning(packed: &Packed, origin: Option<&Model>) -> &'static str {
    let stated = origin.and_then(|model| model.outputs.first());
    match stated.map(|output| output.meaning) {
        _ if packed.softmax => "probabilities",
        Some(Meaning::Logits) => "logits",
        Some(Meaning::Probabilities) => "probabilities",
        Some(Meaning::Score) | None => "score",
    }
}
