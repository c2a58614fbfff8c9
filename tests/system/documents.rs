//! What a dashboard reads: results, rejects and health, each checked against its published schema.

use std::{fmt, sync::OnceLock};

use anyhow::{Context, Result, bail, ensure};
use jsonschema::Validator;
use serde::Deserialize;
use serde_json::Value;
use weir_tests::Received;

/// What a result in CBOR says that it is.
pub(crate) const CBOR: &str = "application/cbor";

/// A result or a reject.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) is_result: bool,
    pub(crate) pipeline: String,
    pub(crate) device: String,
    pub(crate) document: Value,
    pub(crate) message: Received,
}

/// A pipeline's counts in a health document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) results: u64,
    pub(crate) rejects: u64,
    pub(crate) windowed: u64,
}

impl Answer {
    /// Whether a message lies on a topic of results or rejects.
    pub(crate) fn is_one(message: &Received) -> bool {
        message.topic.starts_with("weir/results/") || message.topic.starts_with("weir/rejects/")
    }

    /// Reads and checks a message on a topic of results or rejects.
    pub(crate) fn read(message: Received) -> Result<Self> {
        let levels: Vec<&str> = message.topic.split('/').collect();
        let [_, kind, pipeline, device] = levels[..] else {
            bail!("{message} is no result and no reject");
        };
        let (pipeline, device) = (pipeline.to_owned(), device.to_owned());
        let is_result = kind == "results";
        let content_type = message.properties.content_type.as_deref();
        let document = match content_type {
            Some(CBOR) => cbor4ii::serde::from_slice(&message.payload)?,
            Some("application/json") | None => message.json()?,
            Some(other) => bail!("a document of type {other}"),
        };
        ensure!(is_result || content_type != Some(CBOR), "rejects are JSON");
        check(
            if is_result {
                Schema::Result
            } else {
                Schema::Reject
            },
            &document,
        )?;
        let answer = Self {
            is_result,
            pipeline,
            device,
            document,
            message,
        };
        ensure!(answer.text("pipeline") == answer.pipeline, "{answer}");
        ensure!(answer.text("device") == answer.device, "{answer}");
        Ok(answer)
    }

    /// A member that is a text; empty where it is none.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.document[member].as_str().unwrap_or_default()
    }

    /// A member that is a number; NaN where it is none.
    pub(crate) fn number(&self, member: &str) -> f64 {
        self.document[member].as_f64().unwrap_or(f64::NAN)
    }

    /// The sensor's identity of the message.
    pub(crate) fn id(&self) -> &str {
        self.text("id")
    }

    /// The elements of an output.
    pub(crate) fn output(&self, name: &str) -> Vec<f64> {
        let outputs = self.document["outputs"].as_array().into_iter().flatten();
        let found = outputs.filter(|output| output["name"] == name);
        let data = found.flat_map(|output| output["data"].as_array().into_iter().flatten());
        data.filter_map(Value::as_f64).collect()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

/// Those of the messages that are results or rejects.
pub(crate) fn answers(messages: Vec<Received>) -> Result<Vec<Answer>> {
    messages
        .into_iter()
        .filter(Answer::is_one)
        .map(Answer::read)
        .collect()
}

impl Counts {
    /// Those of one pipeline.
    pub(crate) fn of(health: &Value, pipeline: &str) -> Result<Self> {
        let found = pipelines(health).find(|entry| entry["name"] == pipeline);
        let counts = found.with_context(|| format!("no pipeline {pipeline} in {health}"))?;
        Ok(serde_json::from_value(counts["counts"].clone())?)
    }

    /// The sum over all pipelines.
    pub(crate) fn of_all(health: &Value) -> Self {
        let counts = pipelines(health).filter_map(|entry| Self::deserialize(&entry["counts"]).ok());
        counts.fold(Self::default(), |sum, one| Self {
            accepted: sum.accepted + one.accepted,
            results: sum.results + one.results,
            rejects: sum.rejects + one.rejects,
            windowed: sum.windowed + one.windowed,
        })
    }
}

/// The pipelines of a health document.
pub(crate) fn pipelines(health: &Value) -> impl Iterator<Item = &Value> {
    health["pipelines"].as_array().into_iter().flatten()
}

/// Reads and checks a health document.
pub(crate) fn health(message: &Received) -> Result<Value> {
    let document = message.json()?;
    check(Schema::Health, &document)?;
    Ok(document)
}

/// Checks a status document.
pub(crate) fn status(document: &Value) -> Result<()> {
    check(Schema::Status, document)
}

#[derive(Debug, Clone, Copy)]
enum Schema {
    Result,
    Reject,
    Health,
    Status,
}

fn check(schema: Schema, document: &Value) -> Result<()> {
    static SCHEMAS: [OnceLock<Result<Validator, String>>; 4] = [const { OnceLock::new() }; 4];
    let (place, name) = match schema {
        Schema::Result => (&SCHEMAS[0], "result"),
        Schema::Reject => (&SCHEMAS[1], "reject"),
        Schema::Health => (&SCHEMAS[2], "health"),
        Schema::Status => (&SCHEMAS[3], "status"),
    };
    let validator = place.get_or_init(|| compile(name).map_err(|error| format!("{error:#}")));
    let validator = validator
        .as_ref()
        .map_err(|words| anyhow::anyhow!("{words}"))?;
    let faults: Vec<String> = validator
        .iter_errors(document)
        .map(|fault| fault.to_string())
        .collect();
    ensure!(
        faults.is_empty(),
        "{name} schema: {}: {document}",
        faults.join("; ")
    );
    Ok(())
}

fn compile(name: &str) -> Result<Validator> {
    let file = weir_tests::repository().join(format!("docs/schemas/{name}.schema.json"));
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("failed to read {}", file.display()))?;
    let options = jsonschema::options().should_validate_formats(true);
    Ok(options.build(&serde_json::from_str(&text)?)?)
}
