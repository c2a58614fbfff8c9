//! The tree of written values against the JSON schema of the written types: every unknown key, missing key and value
//! of the wrong type at once, where deserialisation would stop at the first.

use config::{Map, Value, ValueKind};
use serde_json::Value as Json;

use crate::report::{Key, Report, dotted, value_at};

/// Keys that are not in the schema but deserve better than "unknown".
const SPECIAL: [(&str, &str, &str); 1] = [(
    "broker.password",
    "a password does not belong into the configuration",
    "put it in a file that only Weir's user can read, and name that file in broker.password_file",
)];

/// Reports everything in which the tree differs from the schema.
pub(crate) fn check(report: &mut Report<'_>, schema: &Json, root: &Value) {
    check_at(report, schema, root, &[]);
}

fn check_at(report: &mut Report<'_>, schema: &Json, root: &Value, key: Key<'_>) {
    let Some(value) = value_at(root, key) else {
        return;
    };
    if let Some(message) = mismatch(schema, value) {
        report.error(key, message, "");
    } else if let ValueKind::Table(values) = &value.kind {
        table(report, schema, root, values, key);
    } else if let ValueKind::Array(items) = &value.kind {
        list(report, schema, items, key);
    }
}

fn table(
    report: &mut Report<'_>,
    schema: &Json,
    root: &Value,
    values: &Map<String, Value>,
    key: Key<'_>,
) {
    let mut names: Vec<&str> = values.keys().map(String::as_str).collect();
    names.sort_unstable();
    for name in names {
        let key = [key, &[name]].concat();
        match property(schema, name) {
            Some(property) => check_at(report, property, root, &key),
            None => unknown(report, schema, &key),
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let Some(name) = name.as_str().filter(|name| !values.contains_key(*name)) else {
            continue;
        };
        let help = property(schema, name)
            .and_then(|property| property["description"].as_str())
            .map(|words| format!("{name}: {}", words.replace('\n', " ")));
        let key = [key, &[name]].concat();
        report.error(&key, "is missing", &help.unwrap_or_default());
    }
}

fn list(report: &mut Report<'_>, schema: &Json, items: &[Value], key: Key<'_>) {
    let bound = |name: &str| {
        schema[name]
            .as_u64()
            .and_then(|len| usize::try_from(len).ok())
    };
    if bound("minItems").is_some_and(|min| items.len() < min) {
        report.error(
            key,
            "is an empty list",
            "leave the key out, or list something",
        );
    }
    if let Some(max) = bound("maxItems").filter(|max| items.len() > *max) {
        let len = items.len();
        report.error(
            key,
            format!("has {len} items; at most {max} are allowed"),
            "",
        );
    }
    let wrong = items
        .iter()
        .enumerate()
        .find_map(|(index, item)| Some((index, mismatch(&schema["items"], item)?)));
    if let Some((index, message)) = wrong {
        report.error(key, format!("item {index} {message}"), "");
    }
}

fn unknown(report: &mut Report<'_>, schema: &Json, key: Key<'_>) {
    let full = dotted(key);
    if let Some((_, message, help)) = SPECIAL.iter().find(|(name, ..)| *name == full) {
        report.error(key, *message, help);
        return;
    }
    let name = key.last().copied().unwrap_or_default();
    let known = known(schema);
    let nearest = known
        .iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min();
    let list = format!("known here: {}", known.join(", "));
    let help = match nearest {
        Some((_, candidate)) => format!("did you mean {candidate}? {list}"),
        None => list,
    };
    report.error(key, "is not a key that Weir knows", &help);
}

fn property<'s>(schema: &'s Json, name: &str) -> Option<&'s Json> {
    schema["properties"]
        .get(name)
        .or_else(|| Some(&schema["additionalProperties"]).filter(|schema| schema.is_object()))
}

fn known(schema: &Json) -> Vec<&str> {
    schema["properties"]
        .as_object()
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

/// The keys known at the deepest table that the segments reach.
pub(crate) fn known_at(schema: &Json, segments: &[&str]) -> Option<String> {
    let mut schema = schema;
    let mut at = Vec::new();
    for segment in segments {
        match property(schema, segment) {
            Some(property) => schema = property,
            None => break,
        }
        at.push(*segment);
    }
    let known = known(schema);
    if known.is_empty() {
        return None;
    }
    let place = if at.is_empty() {
        "at the top".to_owned()
    } else {
        format!("in {}", dotted(&at))
    };
    Some(format!("known {place}: {}", known.join(", ")))
}

/// Why a single value does not fit.
fn mismatch(schema: &Json, value: &Value) -> Option<String> {
    let types = types(schema);
    let fits = match &value.kind {
        ValueKind::String(_) => types.contains(&"string"),
        ValueKind::Boolean(_) => types.contains(&"boolean"),
        ValueKind::I64(_) => types.contains(&"integer") || types.contains(&"number"),
        ValueKind::Float(_) => types.contains(&"number"),
        ValueKind::Table(_) => types.contains(&"object"),
        ValueKind::Array(_) => types.contains(&"array"),
        ValueKind::Nil | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => false,
    };
    let found = words(value);
    if !fits {
        return Some(format!("must be {}, not {found}", expected(schema)));
    }
    let choices = choices(schema);
    if let ValueKind::String(text) = &value.kind
        && !choices.is_empty()
        && !choices.contains(&text.as_str())
    {
        return Some(format!("must be {}, not {found}", expected(schema)));
    }
    out_of_range(schema, &value.kind).map(|range| format!("must be {range}, not {found}"))
}

fn out_of_range(schema: &Json, kind: &ValueKind) -> Option<String> {
    let (min, max) = (&schema["minimum"], &schema["maximum"]);
    let inside = if let ValueKind::I64(number) = kind {
        let number = i128::from(*number);
        whole(min).is_none_or(|min| number >= min) && whole(max).is_none_or(|max| number <= max)
    } else if let ValueKind::Float(number) = kind {
        if !number.is_finite() {
            return Some("a finite number".to_owned());
        }
        min.as_f64().is_none_or(|min| *number >= min)
            && max.as_f64().is_none_or(|max| *number <= max)
    } else {
        true
    };
    (!inside).then(|| match (min.is_null(), max.is_null()) {
        (false, false) => format!("between {min} and {max}"),
        (false, true) => format!("at least {min}"),
        (true, _) => format!("at most {max}"),
    })
}

/// A bound as a whole number; one that was written as a float (`0.0`) counts where it is whole.
fn whole(bound: &Json) -> Option<i128> {
    let signed = bound.as_i64().map(i128::from);
    signed
        .or_else(|| bound.as_u64().map(i128::from))
        .or_else(|| format!("{:.0}", bound.as_f64()?).parse().ok())
}

/// What a schema asks for, in words.
pub(crate) fn expected(schema: &Json) -> String {
    let choices = choices(schema);
    if !choices.is_empty() {
        let quoted: Vec<String> = choices.iter().map(|text| format!("{text:?}")).collect();
        return quoted.join(" or ");
    }
    let words: Vec<&str> = types(schema)
        .into_iter()
        .map(|name| match name {
            "object" => "a table",
            "array" => "a list",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            _ => "a text in quotes",
        })
        .collect();
    words.join(" or ")
}

/// The texts that a schema allows; empty = any.
pub(crate) fn choices(schema: &Json) -> Vec<&str> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    let described = schema["oneOf"].as_array().into_iter().flatten();
    let described = described.flat_map(|choice| {
        let constant = std::iter::once(&choice["const"]);
        constant.chain(choice["enum"].as_array().into_iter().flatten())
    });
    listed.chain(described).filter_map(Json::as_str).collect()
}

/// The types that a schema allows.
pub(crate) fn types(schema: &Json) -> Vec<&str> {
    let listed = schema["type"].as_array().into_iter().flatten();
    let names: Vec<&str> = std::iter::once(&schema["type"])
        .chain(listed)
        .filter_map(Json::as_str)
        .collect();
    if names.is_empty() && schema["oneOf"].is_array() {
        return vec!["string"];
    }
    names
}

fn words(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Table(_) => "a table".to_owned(),
        ValueKind::Array(_) => "a list".to_owned(),
        ValueKind::Nil => "nothing".to_owned(),
        ValueKind::Boolean(value) => value.to_string(),
        ValueKind::I64(number) => number.to_string(),
        ValueKind::I128(number) => number.to_string(),
        ValueKind::U64(number) => number.to_string(),
        ValueKind::U128(number) => number.to_string(),
        ValueKind::Float(number) => number.to_string(),
    }
}

/// The number of characters to insert, delete or replace between two words (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 0..right.len() {
            let replaced = diagonal + usize::from(letter != right[column]);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}
