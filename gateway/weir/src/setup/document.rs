//! The configuration as setup writes it: every key with what it is for, from the schema itself.

use serde_json::Value as Json;
use toml::Value;

use super::{catalogue::quoted, files::MARK, pipeline::PipelineAnswer};

/// A key and its value, as TOML.
pub(super) type Said = (&'static str, String);

/// The whole configuration: node, broker and the first pipeline, where there is one.
pub(super) fn whole(node: &[Said], broker: &[Said], first: Option<&PipelineAnswer>) -> String {
    let schema = schema();
    let mut text = format!(
        "{MARK}: run it again, or edit this file; then `weir check` and `systemctl restart weir`.\n\
         # Every key is here with its default behind a #; weir.toml(5) and docs/configuration.md say more.\n"
    );
    for (name, said) in [("node", node), ("broker", broker)] {
        section(&mut text, name, &schema["properties"][name], said);
    }
    match first {
        Some(answer) => pipeline(&mut text, &schema, answer),
        None => text.push_str(
            "\n# No pipeline yet: `weir setup --add` adds one, as conf.d/<pipeline>.toml.\n",
        ),
    }
    text
}

/// A file that only adds a pipeline.
pub(super) fn one_pipeline(answer: &PipelineAnswer) -> String {
    let mut text = format!(
        "{MARK}: edit this file as you like; then `weir check` and `systemctl restart weir`.\n"
    );
    pipeline(&mut text, &schema(), answer);
    text
}

fn schema() -> Json {
    serde_json::from_str(&weir_profile::config_schema()).expect("a schema is JSON")
}

/// A table with each of its keys, said or not.
fn section(text: &mut String, name: &str, schema: &Json, said: &[Said]) {
    text.push_str(&format!("\n{}[{name}]\n", comment(schema)));
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        text.push_str(&comment(property));
        let value = said.iter().find(|(known, _)| known == key);
        let line = match (value, &property["default"]) {
            (Some((_, value)), _) => format!("{key} = {value}\n"),
            (None, Json::Null) => format!("# {key} =\n"),
            (None, default) => format!("# {key} = {default}\n"),
        };
        text.push_str(&line);
    }
}

/// The keys of a pipeline that are said.
fn pipeline(text: &mut String, schema: &Json, answer: &PipelineAnswer) {
    let schema = &schema["properties"]["pipeline"]["additionalProperties"];
    text.push_str(&format!(
        "\n{}[pipeline.{}]\n",
        comment(schema),
        table(&answer.name)
    ));
    for (key, value) in lines(answer) {
        text.push_str(&comment(&schema["properties"][key]));
        text.push_str(&format!("{key} = {value}\n"));
    }
}

fn lines(answer: &PipelineAnswer) -> Vec<Said> {
    let mut lines = vec![
        ("topic", quoted(&answer.topic)),
        ("profile", quoted(&answer.profile)),
        ("guest", quoted(&answer.guest)),
    ];
    lines.extend(answer.model.iter().map(|model| ("model", quoted(model))));
    lines.push(("decode", decode(answer)));
    lines.extend(answer.window.map(|window| {
        let mut keys = vec![format!("size = {}", window.size)];
        keys.extend(window.stride.map(|stride| format!("stride = {stride}")));
        keys.extend(window.gap_ms_max.map(|gap| format!("gap_ms_max = {gap}")));
        ("window", format!("{{ {} }}", keys.join(", ")))
    }));
    lines.extend(answer.min_confidence.map(|least| {
        let least = Value::Float(least);
        (
            "result",
            format!("{{ top_k = 1, min_confidence = {least} }}"),
        )
    }));
    lines
}

fn decode(answer: &PipelineAnswer) -> String {
    let fields: Vec<_> = answer.fields.iter().map(|field| quoted(field)).collect();
    let scale = answer
        .scale
        .map(|scale| format!(", scale = {}", Value::Float(scale)));
    format!(
        "{{ codec = \"json\", fields = [{}]{} }}",
        fields.join(", "),
        scale.unwrap_or_default()
    )
}

/// A name as a key of a table: a dot in it would begin another one.
fn table(name: &str) -> String {
    if name.contains('.') {
        quoted(name)
    } else {
        name.to_owned()
    }
}

/// The first sentence of what a key is for, in one line.
fn comment(schema: &Json) -> String {
    let words = schema["description"].as_str().unwrap_or_default();
    let words = words.replace('\n', " ");
    let sentence = words
        .split_once(". ")
        .map_or(words.as_str(), |(first, _)| first);
    let choices: Vec<_> = schema["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|choice| choice.get("const"))
        .map(Json::to_string)
        .collect();
    let choices = match choices.as_slice() {
        [] => String::new(),
        choices => format!(" ({})", choices.join(" or ")),
    };
    format!("# {}{choices}.\n", sentence.trim_end_matches('.'))
}

#[cfg(test)]
mod tests;
