mod words;

use std::{io::Write, path::Path, sync::Arc};

use anyhow::{Context, Result};
use guest_abi::{DType, TensorInfo};
use serde::Serialize;
use weir_engine::Signature;
use weir_pack::{
    Agreement, Bill, GuestCosts, LayerReport, OnnxFile, Packed, RangeKind, Runnable, Runner,
    SAMPLES_BYTES_MAX, Samples, read_labels,
};
use weir_profile::Settings;
use weir_store::Model;

use super::{
    bill::{self, Row},
    folder::{self, Contents},
    progress::Line,
    refused,
    source::{self, Source},
};
use crate::{
    cli::{ModelPackArgs, RangeName},
    command::settings,
    exit::Exit,
};

/// Golden pairs, where the model that is packed has none of its own.
const GOLDEN: usize = 16;

/// Everything that the command found out.
#[derive(Debug, Serialize)]
struct Report {
    name: String,
    folder: String,
    bytes: usize,
    onnx_bytes: usize,
    range: RangeKind,
    agreement: Agreement,
    tried: Vec<Tried>,
    accuracy: Option<Accuracy>,
    layers: Vec<LayerReport>,
    macs: u64,
    memory: Bill,
    profiles: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Tried {
    range: RangeKind,
    agreement: Agreement,
}

/// On samples that were not trained on.
#[derive(Debug, Serialize)]
struct Accuracy {
    samples: usize,
    onnx: f64,
    int8: f64,
}

/// `weir model pack`: an ONNX model as an int8 network.
pub(crate) fn pack(args: &ModelPackArgs) -> Result<Exit> {
    let settings = match settings::load_optional(&args.config) {
        Ok(settings) => settings,
        Err(exit) => return Ok(exit),
    };
    let report = match make(args, &settings) {
        Ok(report) => report,
        Err(error) => return Ok(refused(&error)),
    };
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        words::print(&mut out, &report)?;
    }
    Ok(Exit::Done)
}

fn make(args: &ModelPackArgs, settings: &Settings) -> Result<Report> {
    let name = folder::name(&args.output)?;
    let source = Source::read(&args.model)?;
    let shown = || args.model.display().to_string();
    let onnx = OnnxFile::read(&source.bytes).with_context(shown)?;
    let samples = read_samples(&args.calibrate)?;
    let mut line = Line::new();
    let packed = weir_pack::pack(&onnx, &samples, range(args.range), &mut |progress| {
        line.packing(progress);
    });
    drop(line);
    let packed = packed.with_context(shown)?;
    let accuracy = accuracy(args, &onnx, &packed)?;
    let runner = Runner::open(&packed.file)?;
    let input = info(&packed.input, runner.network().input_dims())?;
    let output = info(&packed.output, runner.network().output_dims())?;
    let golden = golden(source.model.as_ref(), &samples, &input)?;
    let contents = Contents {
        name: &name,
        packed: &packed,
        origin: source.model.as_ref(),
        input: &input,
        output: &output,
        golden: &golden,
        accuracy: accuracy.as_ref().map(|accuracy| accuracy.int8),
    };
    folder::write(&args.output, &contents)?;
    let signature = Arc::new(Signature::new(vec![input], vec![output], Vec::new())?);
    let memory = Bill::of(runner.network(), packed.file.len(), GuestCosts::TINYNN);
    Ok(Report {
        name: name.to_string(),
        folder: args.output.display().to_string(),
        bytes: packed.file.len(),
        onnx_bytes: source.bytes.len(),
        range: packed.range,
        agreement: packed.agreement,
        tried: tried(&packed),
        accuracy,
        macs: runner.network().multiplications(),
        profiles: bill::rows(settings, &memory, &packed.file, &signature),
        memory,
        layers: packed.layers,
    })
}

const fn range(name: RangeName) -> Option<RangeKind> {
    match name {
        RangeName::Best => None,
        RangeName::Minmax => Some(RangeKind::MinMax),
        RangeName::Percentile => Some(RangeKind::Percentile),
    }
}

fn tried(packed: &Packed) -> Vec<Tried> {
    let tried = packed.tried.iter();
    tried
        .map(|(range, agreement)| Tried {
            range: *range,
            agreement: *agreement,
        })
        .collect()
}

fn read_samples(path: &Path) -> Result<Samples> {
    Samples::read(&source::bytes(path, SAMPLES_BYTES_MAX)?)
        .with_context(|| path.display().to_string())
}

fn accuracy(args: &ModelPackArgs, onnx: &OnnxFile, packed: &Packed) -> Result<Option<Accuracy>> {
    let (Some(data), Some(labels)) = (&args.evaluate, &args.labels) else {
        return Ok(None);
    };
    let samples = read_samples(data)?;
    let labels = read_labels(&source::bytes(labels, SAMPLES_BYTES_MAX)?)
        .with_context(|| labels.display().to_string())?;
    let mut line = Line::new();
    let count = samples.count();
    let mut share = |model| {
        weir_pack::evaluate(model, &samples, &labels, &mut |done| {
            line.show("evaluating", done, count);
        })
        .map(|evaluation| evaluation.accuracy)
    };
    Ok(Some(Accuracy {
        samples: count,
        onnx: share(Runnable::Onnx(onnx))?,
        int8: share(Runnable::Int8(&packed.file))?,
    }))
}

pub(super) fn info(name: &str, dims: &[u32]) -> Result<TensorInfo> {
    let elements = dims
        .iter()
        .try_fold(4_u32, |bytes, size| bytes.checked_mul(*size));
    Ok(TensorInfo {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: dims
            .iter()
            .map(|size| i32::try_from(*size))
            .collect::<Result<_, _>>()?,
        len_max: elements.context("a tensor of the network is too large")?,
    })
}

/// The golden inputs of the model that is packed; without them, the first samples.
fn golden(origin: Option<&Model>, samples: &Samples, input: &TensorInfo) -> Result<Vec<Vec<f32>>> {
    let elements = usize::try_from(input.len_max)? / 4;
    if let Some(golden) = origin.and_then(|model| model.golden.as_ref()) {
        let bytes = source::bytes(&golden.inputs, SAMPLES_BYTES_MAX)?;
        let (words, _) = bytes.as_chunks::<4>();
        let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        return Ok(values
            .chunks_exact(elements.max(1))
            .map(<[f32]>::to_vec)
            .collect());
    }
    Ok(samples.iter().take(GOLDEN).map(<[f32]>::to_vec).collect())
}
