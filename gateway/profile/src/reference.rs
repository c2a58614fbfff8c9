//! What is generated from the doc comments of the written types: JSON schemas and the reference page.

use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde_json::Value as Json;

use crate::written::{Config, ProfileFile};

/// The JSON schema of `weir.toml` and the files of `conf.d`.
#[must_use]
pub fn config_schema() -> String {
    text(&schema_of::<Config>())
}

/// The JSON schema of a device profile.
#[must_use]
pub fn profile_schema() -> String {
    text(&schema_of::<ProfileFile>())
}

pub(crate) fn schema_of<T: JsonSchema>() -> Json {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(WithoutNull))
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

fn text(schema: &Json) -> String {
    format!("{schema:#}\n")
}

/// TOML has no null: an optional key is left out. The defaults of a table stand at its keys.
#[derive(Debug, Clone)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(types) = schema.get_mut("type").and_then(Json::as_array_mut) {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(choices) = schema.get_mut("enum").and_then(Json::as_array_mut) {
            choices.retain(|choice| !choice.is_null());
        }
        let default = schema.get("default");
        if default.is_some_and(|default| default.is_null() || default.is_object()) {
            schema.remove("default");
        }
        unwrap_optional(schema);
    }
}

/// `anyOf: [x, null]` becomes `x`; the description of the key is kept.
fn unwrap_optional(schema: &mut Schema) {
    let Some(Json::Array(choices)) = schema.get("anyOf").cloned() else {
        return;
    };
    let mut rest = choices
        .into_iter()
        .filter(|choice| choice["type"] != "null");
    if let (Some(Json::Object(only)), None) = (rest.next(), rest.next()) {
        schema.remove("anyOf");
        for (name, value) in only {
            if schema.get(&name).is_none() {
                schema.insert(name, value);
            }
        }
    }
}

/// The reference page of the configuration, in Markdown.
#[must_use]
pub fn configuration_page() -> String {
    let mut page = String::from(include_str!("reference/introduction.md"));
    let config = schema_of::<Config>();
    for name in ["node", "broker", "paths"] {
        section(&mut page, &format!("[{name}]"), &config["properties"][name]);
    }
    let devices = &config["properties"]["devices"];
    page.push_str(&format!("\n## `[devices]`\n\n{}\n", words(devices)));
    let pipeline = &config["properties"]["pipeline"]["additionalProperties"];
    section(&mut page, "[pipeline.<name>]", pipeline);
    for name in ["decode", "window", "result"] {
        let title = format!("[pipeline.<name>] {name}");
        section(&mut page, &title, &pipeline["properties"][name]);
    }
    page.push_str(include_str!("reference/profiles.md"));
    let profile = schema_of::<ProfileFile>();
    section(&mut page, "<name>.toml", &profile);
    section(&mut page, "[limits]", &profile["properties"]["limits"]);
    page
}

fn section(page: &mut String, title: &str, schema: &Json) {
    page.push_str(&format!("\n## `{title}`\n\n{}\n\n", words(schema)));
    page.push_str("| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let default = match &property["default"] {
            _ if required.contains(&name.as_str()) => "**required**".to_owned(),
            Json::Null | Json::Object(_) | Json::Array(_) => String::new(),
            value @ (Json::Bool(_) | Json::Number(_) | Json::String(_)) => format!("`{value}`"),
        };
        page.push_str(&format!(
            "| `{name}` | {} | {default} | {} |\n",
            kind(property),
            meaning(property)
        ));
    }
}

fn kind(schema: &Json) -> String {
    let names: Vec<String> = crate::shape::types(schema)
        .into_iter()
        .map(|name| match name {
            "object" => "table".to_owned(),
            "array" => format!("list of {}", item_kind(&schema["items"])),
            "integer" => range("integer", schema),
            "number" => range("number", schema),
            "string" => "text".to_owned(),
            other => other.to_owned(),
        })
        .collect();
    names.join(" or ")
}

fn item_kind(schema: &Json) -> &'static str {
    match schema["type"].as_str() {
        Some("number") => "numbers",
        _ => "texts",
    }
}

fn range(name: &str, schema: &Json) -> String {
    match (&schema["minimum"], &schema["maximum"]) {
        (Json::Number(min), Json::Number(max)) => format!("{name}, {min} to {max}"),
        _ => name.to_owned(),
    }
}

fn meaning(schema: &Json) -> String {
    let mut text = words(schema);
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        let name = choice["const"].as_str().unwrap_or_default();
        text.push_str(&format!("<br>`\"{name}\"`: {}", words(choice)));
    }
    let listed: Vec<String> = schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|choice| format!("`{choice}`"))
        .collect();
    if !listed.is_empty() {
        text.push_str(&format!("<br>{}", listed.join(", ")));
    }
    text.replace('|', "\\|")
}

fn words(schema: &Json) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.replace('\n', " ")
}
