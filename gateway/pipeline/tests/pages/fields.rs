//! The members of a document as a table, from its JSON schema.

use std::fmt::Write as _;

use serde_json::Value as Json;

/// A table of every member, those of inner documents by their path: `pipelines[].counts.accepted`.
pub(crate) fn table(schema: &str) -> String {
    let root: Json = serde_json::from_str(schema).expect("a schema is JSON");
    let mut table = "| member | type | meaning |\n| --- | --- | --- |\n".to_owned();
    rows(&mut table, &root, &root, "");
    table
}

fn rows(table: &mut String, root: &Json, document: &Json, path: &str) {
    let required = document["required"].as_array();
    for (name, member) in document["properties"].as_object().into_iter().flatten() {
        let always = required.is_some_and(|names| names.iter().any(|known| known == name));
        let inner = resolved(root, member);
        let is_list = kind(inner) == "list";
        let items = resolved(root, &inner["items"]);
        let path = format!("{path}{name}");
        let (what, words) = (kind_in_words(inner, items), words(member));
        let often = if always { "" } else { ", optional" };
        writeln!(table, "| `{path}` | {what}{often} | {words} |").expect("a text takes it");
        match is_list {
            true => rows(table, root, items, &format!("{path}[].")),
            false => rows(table, root, inner, &format!("{path}.")),
        }
    }
}

/// A reference followed, and `x or null` taken as `x`.
fn resolved<'s>(root: &'s Json, schema: &'s Json) -> &'s Json {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').expect("references are local");
        return root.pointer(pointer).expect("references lead somewhere");
    }
    let mut choices = schema["anyOf"].as_array().into_iter().flatten();
    match choices.find(|choice| choice["type"] != "null") {
        Some(choice) => resolved(root, choice),
        None => schema,
    }
}

fn kind(schema: &Json) -> &str {
    let names = match &schema["type"] {
        Json::Array(names) => names.iter().find(|name| *name != "null"),
        one @ Json::String(_) => Some(one),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => None,
    };
    match names.and_then(Json::as_str) {
        Some("string") => "text",
        Some("array") => "list",
        Some(name) => name,
        None => panic!("a member without a type: {schema}"),
    }
}

fn kind_in_words(schema: &Json, items: &Json) -> String {
    match kind(schema) {
        "list" => format!("list of {}s", kind(items)),
        "object" if schema["properties"].is_null() => "map".to_owned(),
        name => name.to_owned(),
    }
}

fn words(schema: &Json) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.replace('\n', " ").replace('|', "\\|")
}
