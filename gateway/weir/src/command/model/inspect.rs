mod words;

use std::{io::Write, sync::Arc};

use anyhow::{Context, Result};
use serde::Serialize;
use weir_engine::Signature;
use weir_pack::{Int8Facts, OnnxFacts, OnnxFile, Port};
use weir_profile::{Class, Profile, Settings};
use weir_store::Store;

use super::{
    bill::{self, Row},
    pack::info,
    refused,
    source::Source,
};
use crate::{cli::ModelInspectArgs, command::settings, exit::Exit, prepare::chain};

/// What was found out about a model.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    bytes: usize,
    sha256: String,
    /// `name@version`, where a `model.toml` says so.
    model: Option<String>,
    labels: Vec<String>,
    #[serde(flatten)]
    facts: Facts,
    guest: &'static str,
    profiles: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "format", rename_all = "kebab-case")]
enum Facts {
    Onnx(OnnxFacts),
    Int8Network(Int8Facts),
}

/// `weir model inspect`: what a model is, and what can run it.
pub(crate) fn inspect(args: &ModelInspectArgs) -> Result<Exit> {
    let settings = match settings::load_optional(&args.config) {
        Ok(settings) => settings,
        Err(exit) => return Ok(exit),
    };
    let report = Source::find(&settings, &args.model).and_then(|source| look(&settings, &source));
    let report = match report {
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

fn look(settings: &Settings, source: &Source) -> Result<Report> {
    let shown = source.file.display().to_string();
    let (facts, guest, profiles) = if source.is_packed() {
        packed(settings, source).with_context(|| shown.clone())?
    } else {
        let onnx = OnnxFile::read(&source.bytes).with_context(|| shown.clone())?;
        let facts = weir_pack::inspect_onnx(&onnx);
        let needs = Needs {
            guest: "onnx",
            model: source.bytes.len(),
            input: bytes(&facts.inputs),
            output: bytes(&facts.outputs),
        };
        let mut profiles = needs.rows(settings, |_| true);
        if !facts.operators_missing.is_empty() {
            let words = format!(
                "guest onnx does not have {}",
                facts.operators_missing.join(", ")
            );
            for row in &mut profiles {
                row.verdict.why_not.push(words.clone());
            }
        }
        (Facts::Onnx(facts), needs.guest, profiles)
    };
    Ok(Report {
        file: shown,
        bytes: source.bytes.len(),
        sha256: weir_store::sha256_hex(&weir_store::sha256(&source.bytes)),
        model: source.model.as_ref().map(weir_store::Model::model_version),
        labels: source
            .model
            .as_ref()
            .map_or_else(Vec::new, |model| model.labels.clone()),
        facts,
        guest,
        profiles,
    })
}

fn packed(settings: &Settings, source: &Source) -> Result<(Facts, &'static str, Vec<Row>)> {
    let facts = weir_pack::inspect_int8(&source.bytes)?;
    let input = info("input", &facts.input)?;
    let output = info("output", &facts.output)?;
    let needs = Needs {
        guest: bill::GUEST,
        model: source.bytes.len(),
        input: Some(input.len_max.into()),
        output: Some(output.len_max.into()),
    };
    let signature = Arc::new(Signature::new(vec![input], vec![output], Vec::new())?);
    let mut profiles = bill::rows(settings, &facts.memory, &source.bytes, &signature);
    profiles.extend(needs.rows(settings, |profile| profile.class != Class::Microcontroller));
    Ok((Facts::Int8Network(facts), needs.guest, profiles))
}

/// What a model asks of a device profile.
struct Needs {
    guest: &'static str,
    model: usize,
    /// Bytes; none where a size varies.
    input: Option<u64>,
    output: Option<u64>,
}

impl Needs {
    fn rows(&self, settings: &Settings, wanted: impl Fn(&Profile) -> bool) -> Vec<Row> {
        let profiles = settings.profiles.values();
        let profiles = profiles.filter(|profile| wanted(profile));
        profiles
            .map(|profile| Row::untried(profile, self.why_not(settings, profile)))
            .collect()
    }

    fn why_not(&self, settings: &Settings, profile: &Profile) -> Vec<String> {
        let limits = &profile.limits;
        let count = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        let rows = [
            ("the model", Some(count(self.model)), limits.model_bytes_max),
            ("the input", self.input, limits.input_bytes_max),
            ("the output", self.output, limits.output_bytes_max),
        ];
        let over = rows.into_iter().filter_map(|(what, needed, allowed)| {
            let needed = needed.filter(|needed| *needed > count(allowed))?;
            Some(format!(
                "{what} takes {needed} bytes, {allowed} are allowed"
            ))
        });
        let mut why: Vec<String> = over.collect();
        let admitted = self
            .guest
            .parse()
            .map_err(anyhow::Error::from)
            .and_then(|name| Ok(Store::new(&settings.paths).guest(&name, profile)?));
        if let Err(error) = admitted {
            why.push(chain(&*error));
        }
        why
    }
}

/// Bytes of tensors; none where a size varies.
fn bytes(ports: &[Port]) -> Option<u64> {
    ports.iter().try_fold(0_u64, |sum, port| {
        let element = match port.dtype.as_str() {
            "u8" | "i8" | "bool" => 1,
            "i16" | "u16" | "f16" | "bf16" => 2,
            "i64" | "u64" | "f64" => 8,
            _ => 4,
        };
        let bytes =
            port.dims
                .iter()
                .enumerate()
                .try_fold(element, |bytes: u64, (axis, size)| {
                    let size = match size {
                        None if axis == 0 => 1,
                        None => return None,
                        Some(size) => u64::from(*size),
                    };
                    bytes.checked_mul(size)
                })?;
        sum.checked_add(bytes)
    })
}
