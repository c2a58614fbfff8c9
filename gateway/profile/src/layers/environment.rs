use config::{Map, Value, ValueKind};
use serde_json::Value as Json;

use super::Layer;
use crate::{
    finding::{Finding, Severity},
    origin::{Origin, Origins},
    report::{dotted, value_at},
    shape,
};

/// What every variable of the configuration begins with.
const PREFIX: &str = "WEIR__";

/// The variables `WEIR__SECTION__KEY` as a layer. `below` is the tree of the files: its pipelines and devices are
/// found by their names without regard to case, with `_` for any character that a variable cannot contain.
pub(crate) fn variables(
    variables: &[(String, String)],
    schema: &Json,
    below: &Value,
    origins: &mut Origins,
) -> (Layer, Vec<Finding>) {
    let mut setter = Setter {
        schema,
        below,
        origins,
        layer: Layer::default(),
        findings: Vec::new(),
    };
    for (variable, text) in variables {
        let Some(path) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        let segments: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        let origin = Origin::Environment {
            variable: variable.clone(),
        };
        setter.set(&segments, text, origin, variable);
    }
    (setter.layer, setter.findings)
}

/// Options `section.key = value` as a layer.
pub(crate) fn overrides(
    options: &[(String, String)],
    schema: &Json,
    below: &Value,
    origins: &mut Origins,
) -> (Layer, Vec<Finding>) {
    let mut setter = Setter {
        schema,
        below,
        origins,
        layer: Layer::default(),
        findings: Vec::new(),
    };
    for (key, text) in options {
        let segments: Vec<String> = key.split('.').map(str::to_owned).collect();
        let origin = Origin::Override {
            option: key.clone(),
        };
        setter.set(&segments, text, origin, key);
    }
    (setter.layer, setter.findings)
}

struct Setter<'a> {
    schema: &'a Json,
    below: &'a Value,
    origins: &'a mut Origins,
    layer: Layer,
    findings: Vec<Finding>,
}

impl Setter<'_> {
    fn set(&mut self, segments: &[String], text: &str, origin: Origin, name: &str) {
        let Some((key, schema)) = self.resolve(segments) else {
            self.refuse(name, "matches no key of the configuration", segments);
            return;
        };
        let Some(kind) = typed(schema, text) else {
            let expected = shape::expected(schema);
            self.refuse(name, &format!("must be {expected}, not {text:?}"), segments);
            return;
        };
        let origin = self.origins.note(origin);
        let value = with_origin(Value::new(None, kind), &origin);
        insert(&mut self.layer.0, &key, value);
    }

    /// The key that the segments mean, and its schema.
    fn resolve(&self, segments: &[String]) -> Option<(Vec<String>, &Json)> {
        let mut schema = self.schema;
        let mut key: Vec<String> = Vec::new();
        for segment in segments {
            let segment = if let Some(properties) = schema["properties"].as_object() {
                properties
                    .get_key_value(segment)
                    .map(|(name, _)| name.clone())?
            } else if schema["additionalProperties"].is_object() && !segment.is_empty() {
                self.named(&key, segment)
            } else {
                return None;
            };
            schema = match schema["properties"].get(&segment) {
                Some(property) => property,
                None => &schema["additionalProperties"],
            };
            key.push(segment);
        }
        Some((key, schema))
    }

    /// The name in the files that a segment means; where there is none, the segment is a new name.
    fn named(&self, key: &[String], segment: &str) -> String {
        let plain = |name: &str| {
            name.to_ascii_lowercase()
                .replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
        };
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        let Some(ValueKind::Table(table)) = value_at(self.below, &key).map(|value| &value.kind)
        else {
            return segment.to_owned();
        };
        let mut names: Vec<&String> = table.keys().collect();
        names.sort();
        if table.contains_key(segment) {
            return segment.to_owned();
        }
        names
            .into_iter()
            .find(|name| plain(name) == plain(segment))
            .map_or_else(|| segment.to_owned(), String::clone)
    }

    fn refuse(&mut self, name: &str, message: &str, segments: &[String]) {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let finding = Finding {
            key: name.to_owned(),
            ..Finding::file(Severity::Error, None, message.to_owned())
        };
        self.findings.push(
            finding.with_help(
                shape::known_at(self.schema, &segments).unwrap_or_else(|| {
                    format!("see docs/configuration.md for {}", dotted(&segments))
                }),
            ),
        );
    }
}

/// A text as the type that the schema asks for.
fn typed(schema: &Json, text: &str) -> Option<ValueKind> {
    let types = shape::types(schema);
    let has = |name: &str| types.contains(&name);
    let text = text.trim();
    if has("boolean") {
        return text.parse().ok().map(ValueKind::Boolean);
    }
    if has("integer") {
        return text.parse().ok().map(ValueKind::I64);
    }
    if has("object") || (has("array") && text.starts_with('[')) {
        return inline(text);
    }
    if has("number")
        && let Ok(number) = text.parse()
    {
        return Some(ValueKind::Float(number));
    }
    if has("array") {
        let items = text.split(',');
        let items: Option<Vec<Value>> = items
            .map(|item| typed(&schema["items"], item).map(|kind| Value::new(None, kind)))
            .collect();
        return items.map(ValueKind::Array);
    }
    (!has("number")).then(|| ValueKind::String(text.to_owned()))
}

/// A text in TOML: a list or an inline table.
fn inline(text: &str) -> Option<ValueKind> {
    let mut origins = Origins::default();
    let layer = super::parse(
        std::path::Path::new(""),
        &format!("value = {text}"),
        &mut origins,
    );
    layer.ok()?.0.remove("value").map(|value| value.kind)
}

fn with_origin(mut value: Value, origin: &String) -> Value {
    if let ValueKind::Table(table) = &mut value.kind {
        for (_, child) in table.iter_mut() {
            *child = with_origin(std::mem::take(child), origin);
        }
    } else if let ValueKind::Array(items) = &mut value.kind {
        for item in items {
            *item = with_origin(std::mem::take(item), origin);
        }
    }
    Value::new(Some(origin), value.kind)
}

fn insert(table: &mut Map<String, Value>, key: &[String], value: Value) {
    let Some((first, rest)) = key.split_first() else {
        return;
    };
    if rest.is_empty() {
        table.insert(first.clone(), value);
        return;
    }
    let child = table
        .entry(first.clone())
        .or_insert_with(|| Value::new(None, ValueKind::Table(Map::new())));
    if let ValueKind::Table(child) = &mut child.kind {
        insert(child, rest, value);
    }
}
