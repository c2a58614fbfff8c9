use std::path::PathBuf;

use config::{Value, ValueKind};

use crate::{
    finding::{Finding, Severity},
    origin::{Origin, Origins},
};

/// Collects findings about one tree of written values, and knows where each value was written.
pub(crate) struct Report<'a> {
    root: &'a Value,
    origins: &'a Origins,
    findings: Vec<Finding>,
}

/// A key of the tree, segment by segment (names may contain dots).
pub(crate) type Key<'k> = &'k [&'k str];

impl<'a> Report<'a> {
    pub(crate) fn new(root: &'a Value, origins: &'a Origins) -> Self {
        Self {
            root,
            origins,
            findings: Vec::new(),
        }
    }

    pub(crate) fn error(&mut self, key: Key<'_>, message: impl Into<String>, help: &str) {
        self.add(Severity::Error, key, message.into(), help);
    }

    pub(crate) fn warning(&mut self, key: Key<'_>, message: impl Into<String>, help: &str) {
        self.add(Severity::Warning, key, message.into(), help);
    }

    /// Where the value of a key was written; for a key that is missing, where its table was.
    pub(crate) fn origin(&self, key: Key<'_>) -> Option<&'a Origin> {
        (0..=key.len())
            .rev()
            .find_map(|len| self.origins.within(value_at(self.root, &key[..len])?))
    }

    /// A path as the program may use it: relative ones start at the file that states them.
    pub(crate) fn resolve(&self, key: Key<'_>, path: &std::path::Path) -> PathBuf {
        let file = self.origin(key).and_then(Origin::file);
        match file.and_then(|(file, _)| file.parent()) {
            Some(folder) => folder.join(path),
            None => path.to_path_buf(),
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    pub(crate) fn has_error_at(&self, key: Key<'_>) -> bool {
        let errors = || self.findings.iter().filter(|finding| finding.is_error());
        errors().next().is_some() && {
            let key = dotted(key);
            errors().any(|finding| finding.key == key)
        }
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    fn add(&mut self, severity: Severity, key: Key<'_>, mut message: String, help: &str) {
        let origin = self.origin(key);
        match origin {
            Some(Origin::Environment { variable }) => {
                message.push_str(&format!(" (set by the environment variable {variable})"));
            }
            Some(Origin::Override { option }) => {
                message.push_str(&format!(" (set by the option {option})"));
            }
            Some(Origin::File { .. }) | None => {}
        }
        let place = origin.and_then(Origin::file);
        self.findings.push(Finding {
            severity,
            file: place.map(|(path, _)| path.to_path_buf()),
            line: place.map(|(_, line)| line),
            column: None,
            key: dotted(key),
            message,
            help: help.to_owned(),
        });
    }
}

/// The key as a user writes it.
pub(crate) fn dotted(key: Key<'_>) -> String {
    let quote = |segment: &&str| {
        if segment.contains('.') {
            format!("\"{segment}\"")
        } else {
            (*segment).to_owned()
        }
    };
    key.iter().map(quote).collect::<Vec<_>>().join(".")
}

pub(crate) fn value_at<'v>(root: &'v Value, key: Key<'_>) -> Option<&'v Value> {
    key.iter().try_fold(root, |value, segment| {
        if let ValueKind::Table(table) = &value.kind {
            table.get(*segment)
        } else {
            None
        }
    })
}
