use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::OptionalConfigArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Show what a model is and needs, and which guests and device profiles can run it.
    Inspect(ModelInspectArgs),
    /// Make an int8 network for microcontrollers out of an ONNX model, as a folder that is ready to be used.
    Pack(ModelPackArgs),
    /// Run a model over labelled samples on this machine and say how often it is right.
    Evaluate(ModelEvaluateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ModelInspectArgs {
    /// A model's name, or a file: ONNX, or packed.
    pub(crate) model: String,

    /// Print one JSON object instead.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: OptionalConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ModelPackArgs {
    /// The ONNX file. A model.toml beside it lends name, version, licence, labels and preparation.
    pub(crate) model: PathBuf,

    /// Into 8-bit integers: the one packing that there is.
    #[arg(long, required = true)]
    pub(crate) int8: bool,

    /// Typical inputs, as the graph takes them after preparation: .npy or .npz, f32 [samples, …].
    #[arg(long, value_name = "DATA")]
    pub(crate) calibrate: PathBuf,

    /// The model's folder; its name becomes the model's.
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) output: PathBuf,

    /// How ranges are taken from what was observed.
    #[arg(long, value_enum, default_value = "best")]
    pub(crate) range: RangeName,

    /// Labelled inputs that were not trained on, to measure the accuracy of both models.
    #[arg(long, value_name = "DATA", requires = "labels")]
    pub(crate) evaluate: Option<PathBuf>,

    /// The class of each of them: .npy with an integer for each sample.
    #[arg(long, value_name = "LABELS", requires = "evaluate")]
    pub(crate) labels: Option<PathBuf>,

    /// Print one JSON object instead.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: OptionalConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ModelEvaluateArgs {
    /// A model's name, or a file: ONNX, or packed.
    pub(crate) model: String,

    /// The inputs, as the model takes them after preparation: .npy or .npz, f32 [samples, …].
    #[arg(long)]
    pub(crate) data: PathBuf,

    /// The class of each input: .npy with an integer for each sample.
    #[arg(long)]
    pub(crate) labels: PathBuf,

    /// Print one JSON object instead.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: OptionalConfigArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum RangeName {
    /// The one that agrees better with the ONNX model on the calibration data.
    Best,
    /// From the least to the greatest value.
    Minmax,
    /// Without the outermost ten thousandth of the values.
    Percentile,
}
