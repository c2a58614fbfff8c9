use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use config::{Value, ValueKind};

use crate::report::dotted;

/// Where a value was written.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    File { path: PathBuf, line: usize },
    Environment { variable: String },
    Override { option: String },
}

/// Every origin that was met. The values of crate `config` carry a text; it holds the index in this list.
#[derive(Debug, Default)]
pub(crate) struct Origins(Vec<Origin>);

impl Origins {
    /// Notes an origin and gives the text for the values from there.
    pub(crate) fn note(&mut self, origin: Origin) -> String {
        self.0.push(origin);
        (self.0.len() - 1).to_string()
    }

    pub(crate) fn of(&self, value: &Value) -> Option<&Origin> {
        self.0.get(value.origin()?.parse::<usize>().ok()?)
    }

    /// File and line of every key that a file states, by the key with dots; of a table, those of its first value.
    pub(crate) fn places(&self, root: &Value) -> BTreeMap<String, (PathBuf, usize)> {
        let mut places = BTreeMap::new();
        self.note_places(root, &mut Vec::new(), &mut places);
        places
    }

    fn note_places<'v>(
        &self,
        value: &'v Value,
        key: &mut Vec<&'v str>,
        places: &mut BTreeMap<String, (PathBuf, usize)>,
    ) {
        if let Some((path, line)) = self.within(value).and_then(Origin::file) {
            places.insert(dotted(key), (path.to_path_buf(), line));
        }
        if let ValueKind::Table(table) = &value.kind {
            for (name, child) in table {
                key.push(name);
                self.note_places(child, key, places);
                key.pop();
            }
        }
    }

    /// The origin of the first value within, for tables, which have none of their own.
    pub(crate) fn within(&self, value: &Value) -> Option<&Origin> {
        self.of(value).or_else(|| {
            children(value)
                .into_iter()
                .filter_map(|child| self.within(child))
                .min_by_key(|origin| origin.order())
        })
    }
}

impl Origin {
    pub(crate) fn file(&self) -> Option<(&Path, usize)> {
        match self {
            Self::File { path, line } => Some((path, *line)),
            Self::Environment { .. } | Self::Override { .. } => None,
        }
    }

    fn order(&self) -> (bool, usize) {
        self.file().map_or((true, 0), |(_, line)| (false, line))
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match &value.kind {
        ValueKind::Table(table) => table.values().collect(),
        ValueKind::Array(items) => items.iter().collect(),
        ValueKind::Nil
        | ValueKind::Boolean(_)
        | ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_)
        | ValueKind::String(_) => Vec::new(),
    }
}
