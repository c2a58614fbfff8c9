use std::{
    fs, io,
    path::{Path, PathBuf},
};

use config::{Map, Value, ValueKind};
use toml::de::{DeTable, DeValue};

use super::Layer;
use crate::{
    finding::{Finding, Severity},
    origin::{Origin, Origins},
};

/// The greatest size of a configuration file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The greatest number of files in one folder.
const FILES_MAX: usize = 1024;

/// The text of a file of bounded size.
pub(crate) fn read(path: &Path) -> Result<String, Vec<Finding>> {
    let error = |message: String| vec![Finding::file(Severity::Error, Some(path), message)];
    let metadata = fs::metadata(path).map_err(|cause| error(format!("cannot be read: {cause}")))?;
    if !metadata.is_file() {
        return Err(error("is not a file".to_owned()));
    }
    if metadata.len() > FILE_BYTES_MAX {
        let size = metadata.len();
        return Err(error(format!(
            "has {size} bytes; a file of the configuration has at most {FILE_BYTES_MAX}"
        )));
    }
    fs::read_to_string(path).map_err(|cause| error(format!("cannot be read: {cause}")))
}

/// The `*.toml` files of a folder in the order of their names; a folder that does not exist has none.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Vec<Finding>> {
    let error = |cause: io::Error| {
        let message = format!("cannot be listed: {cause}");
        vec![Finding::file(Severity::Error, Some(folder), message)]
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(error(cause)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(error)?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.extension().is_some_and(|suffix| suffix == "toml") && !hidden {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            let message = format!("has more than {FILES_MAX} files");
            return Err(vec![Finding::file(Severity::Error, Some(folder), message)]);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The values of a TOML text, each with its line; every error of syntax with line and column.
pub(crate) fn parse(path: &Path, text: &str, origins: &mut Origins) -> Result<Layer, Vec<Finding>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors
            .iter()
            .map(|error| syntax(path, text, error))
            .collect());
    }
    let mut reader = Reader {
        path,
        text,
        origins,
        findings: Vec::new(),
    };
    let table = reader.table(table.get_ref());
    if reader.findings.is_empty() {
        Ok(Layer(table))
    } else {
        Err(reader.findings)
    }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    origins: &'a mut Origins,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>) -> Map<String, Value> {
        table
            .iter()
            .map(|(key, value)| {
                let value = self.value(value.get_ref(), value.span().start);
                (key.get_ref().to_string(), value)
            })
            .collect()
    }

    fn value(&mut self, value: &DeValue<'_>, at: usize) -> Value {
        let kind = match value {
            DeValue::String(text) => ValueKind::String(text.to_string()),
            DeValue::Boolean(value) => ValueKind::Boolean(*value),
            DeValue::Datetime(time) => ValueKind::String(time.to_string()),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => ValueKind::I64(number),
                    Err(_) => self.unreadable(number.as_str(), at),
                }
            }
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => ValueKind::Float(number),
                Err(_) => self.unreadable(number.as_str(), at),
            },
            DeValue::Array(items) => ValueKind::Array(
                items
                    .iter()
                    .map(|item| self.value(item.get_ref(), item.span().start))
                    .collect(),
            ),
            DeValue::Table(table) => ValueKind::Table(self.table(table)),
        };
        let (line, _) = line_and_column(self.text, at);
        let origin = self.origins.note(Origin::File {
            path: self.path.to_path_buf(),
            line,
        });
        Value::new(Some(&origin), kind)
    }

    fn unreadable(&mut self, number: &str, at: usize) -> ValueKind {
        let (line, column) = line_and_column(self.text, at);
        let message = format!("the number {number} does not fit into 64 bits");
        self.findings.push(Finding {
            line: Some(line),
            column: Some(column),
            ..Finding::file(Severity::Error, Some(self.path), message)
        });
        ValueKind::Nil
    }
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> Finding {
    let place = error.span().map(|span| line_and_column(text, span.start));
    let message = format!("is not TOML: {}", error.message().replace('\n', ", "));
    Finding {
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
        ..Finding::file(Severity::Error, Some(path), message)
    }
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before[start..].chars().count() + 1)
}
