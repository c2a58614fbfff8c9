use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use config::ValueKind;

use crate::{
    finding::{Finding, Severity},
    layers::Layer,
    report::value_at,
};

/// Pipelines whose topic two files state: mostly a copied file whose name was not changed.
pub(super) fn stated_twice(texts: &[(PathBuf, String)], layers: &[Layer]) -> Vec<Finding> {
    let mut first: BTreeMap<String, &Path> = BTreeMap::new();
    let mut findings = Vec::new();
    for ((path, _), layer) in texts.iter().zip(layers) {
        let Some(ValueKind::Table(pipelines)) = layer.0.get("pipeline").map(|value| &value.kind)
        else {
            continue;
        };
        for (name, pipeline) in pipelines {
            if value_at(pipeline, &["topic"]).is_none() {
                continue;
            }
            if let Some(earlier) = first.insert(name.clone(), path) {
                let message = format!(
                    "replaces the pipeline of this name in {}",
                    earlier.display()
                );
                let finding = Finding {
                    key: format!("pipeline.{name}"),
                    ..Finding::file(Severity::Warning, Some(path), message)
                };
                findings.push(finding.with_help("give one of them another name"));
            }
        }
    }
    findings
}
