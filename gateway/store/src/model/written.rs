use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

/// `model.toml` as its author writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelFile {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: String,
    pub(super) file: PathBuf,
    pub(super) format: String,
    pub(super) sha256: String,
    #[serde(default)]
    pub(super) labels: Vec<String>,
    pub(super) inputs: Vec<InputTable>,
    pub(super) outputs: Vec<OutputTable>,
    /// Figures on held-out data, for people; not used.
    #[serde(default, rename = "metrics")]
    pub(super) _metrics: BTreeMap<String, f64>,
    #[serde(default)]
    pub(super) graph: GraphTable,
    pub(super) golden: Option<GoldenTable>,
}

/// What a guest does around the graph, where the host runs it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GraphTable {
    pub(super) image: Option<ImageTable>,
    #[serde(default)]
    pub(super) softmax: bool,
    pub(super) boxes: Option<BoxesTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImageTable {
    pub(super) pixels_max: u32,
    pub(super) fit: Option<FitName>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FitName {
    Stretch,
    Letterbox,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoxesTable {
    pub(super) boxes_max: u32,
    pub(super) candidates_max: u32,
    pub(super) confidence_min: f32,
    pub(super) iou_max: f32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InputTable {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) dims: Vec<i32>,
    /// Bytes; required where a size varies (−1).
    pub(super) len_max: Option<u32>,
    pub(super) layout: Option<LayoutName>,
    #[serde(default)]
    pub(super) mean: Vec<f32>,
    #[serde(default)]
    pub(super) std: Vec<f32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputTable {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) dims: Vec<i32>,
    /// Bytes; required where a size varies (−1).
    pub(super) len_max: Option<u32>,
    pub(super) meaning: Option<MeaningName>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LayoutName {
    ChannelsFirst,
    ChannelsLast,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MeaningName {
    Logits,
    Probabilities,
    Score,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldenTable {
    pub(super) count: u32,
    pub(super) inputs: PathBuf,
    pub(super) outputs: PathBuf,
    pub(super) tolerance: f32,
}

/// Reads the text; an error has its line.
pub(super) fn parse(text: &str) -> Result<ModelFile, (usize, String)> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or(text);
        let message = error.message().replace('\n', ", ");
        (before.matches('\n').count() + 1, message)
    })
}
