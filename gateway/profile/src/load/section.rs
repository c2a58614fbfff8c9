use config::{Value, ValueKind};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::report::{Key, Report, value_at};

/// One section of the tree, without what was reported already; none where something that it needs is missing.
pub(super) fn section<T: DeserializeOwned>(
    report: &mut Report<'_>,
    tree: &Value,
    key: Key<'_>,
) -> Option<T> {
    let json = match value_at(tree, key) {
        Some(value) => json(report, value, key),
        None => Json::Object(serde_json::Map::new()),
    };
    match serde_path_to_error::deserialize(json) {
        Ok(section) => Some(section),
        Err(error) => {
            if !report.has_errors() {
                report.error(key, error.to_string(), "");
            }
            None
        }
    }
}

/// The tree as JSON, for deserialisation, without the keys that were reported already.
fn json(report: &Report<'_>, value: &Value, key: Key<'_>) -> Json {
    match &value.kind {
        ValueKind::Nil | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => Json::Null,
        ValueKind::Boolean(value) => Json::from(*value),
        ValueKind::I64(number) => Json::from(*number),
        ValueKind::Float(number) => Json::from(*number),
        ValueKind::String(text) => Json::from(text.as_str()),
        ValueKind::Array(items) => items.iter().map(|item| json(report, item, key)).collect(),
        ValueKind::Table(table) => table
            .iter()
            .filter_map(|(name, value)| {
                let key = [key, &[name.as_str()]].concat();
                (!report.has_error_at(&key)).then(|| (name.clone(), json(report, value, &key)))
            })
            .collect(),
    }
}
