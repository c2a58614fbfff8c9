use config::{Value, ValueKind};

use super::section::section;
use crate::{
    Pipeline,
    check::{self, Context},
    report::{Report, value_at},
    written,
};

/// The greatest number of pipelines of a node.
const PIPELINES_MAX: usize = 1024;

/// Every pipeline that can be relied on; those that cannot are reported.
pub(super) fn pipelines(
    report: &mut Report<'_>,
    tree: &Value,
    context: &Context<'_>,
) -> Vec<Pipeline> {
    let mut names = match value_at(tree, &["pipeline"]).map(|value| &value.kind) {
        Some(ValueKind::Table(table)) => table.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    names.sort_unstable();
    if names.is_empty() {
        let help = "add a table [pipeline.<name>] with topic, profile, guest and decode";
        report.warning(
            &["pipeline"],
            "no pipeline is configured: nothing is inferred",
            help,
        );
    }
    if names.len() > PIPELINES_MAX {
        let message = format!(
            "has {} pipelines; at most {PIPELINES_MAX} are allowed",
            names.len()
        );
        report.error(&["pipeline"], message, "");
    }
    names
        .into_iter()
        .take(PIPELINES_MAX)
        .filter_map(|name| {
            let written: written::Pipeline = section(report, tree, &["pipeline", name])?;
            check::pipeline(report, name, &written, context)
        })
        .collect()
}
