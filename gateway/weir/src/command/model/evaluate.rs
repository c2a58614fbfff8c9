use std::io::Write;

use anyhow::Result;
use weir_pack::{OnnxFile, Runnable, SAMPLES_BYTES_MAX, Samples, read_labels};

use super::{progress::Line, refused, source};
use crate::{
    cli::ModelEvaluateArgs,
    command::{model::source::Source, settings},
    exit::Exit,
};

/// `weir model evaluate`: how often a model is right.
pub(crate) fn evaluate(args: &ModelEvaluateArgs) -> Result<Exit> {
    let settings = match settings::load_optional(&args.config) {
        Ok(settings) => settings,
        Err(exit) => return Ok(exit),
    };
    let measured = Source::find(&settings, &args.model).and_then(|source| measure(&source, args));
    let evaluation = match measured {
        Ok(evaluation) => evaluation,
        Err(error) => return Ok(refused(&error)),
    };
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&evaluation)?)?;
    } else {
        writeln!(
            out,
            "{:.2} % of {} samples",
            evaluation.accuracy * 100.0,
            evaluation.samples
        )?;
    }
    Ok(Exit::Done)
}

fn measure(source: &Source, args: &ModelEvaluateArgs) -> Result<weir_pack::Evaluation> {
    let samples = Samples::read(&source::bytes(&args.data, SAMPLES_BYTES_MAX)?)?;
    let labels = read_labels(&source::bytes(&args.labels, SAMPLES_BYTES_MAX)?)?;
    let onnx;
    let model = if source.is_packed() {
        Runnable::Int8(&source.bytes)
    } else {
        onnx = OnnxFile::read(&source.bytes)?;
        Runnable::Onnx(&onnx)
    };
    let mut line = Line::new();
    let count = samples.count();
    let measured = weir_pack::evaluate(model, &samples, &labels, &mut |done| {
        line.show("evaluating", done, count);
    });
    drop(line);
    Ok(measured?)
}
