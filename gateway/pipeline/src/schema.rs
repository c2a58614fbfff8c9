//! The JSON schemas of what is published, as committed in `docs/schemas`.

use schemars::{JsonSchema, generate::SchemaSettings};

use crate::{InferenceResult, Reject};

/// The schema of a result.
#[must_use]
pub fn result_schema() -> String {
    schema::<InferenceResult<'static>>()
}

/// The schema of a reject.
#[must_use]
pub fn reject_schema() -> String {
    schema::<Reject<'static>>()
}

fn schema<T: JsonSchema>() -> String {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let schema = generator.into_root_schema_for::<T>();
    let text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    format!("{text}\n")
}
