//! Configurations that pages show are configurations that load.

use std::{fs, path::Path};

use weir_profile::{Finding, parse};

/// What a block begins with that is (a part of) a configuration.
const TABLES: [&str; 5] = ["[broker]", "[devices]", "[node]", "[paths]", "[pipeline."];

#[test]
fn every_configuration_on_a_page_loads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = fs::read_dir(root.join("docs")).unwrap();
    let mut pages: Vec<_> = docs.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|name| name == "md"));
    pages.push(root.join("README.md"));
    let mut count = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for block in blocks(&text).filter(|block| is_configuration(block)) {
            let found = parse(block).map_or_else(|findings| findings, |_| Vec::new());
            let faults: Vec<_> = found.iter().filter(|finding| counts(finding)).collect();
            assert!(
                faults.is_empty(),
                "{}: {faults:#?}\n{block}",
                page.display()
            );
            count += 1;
        }
    }
    assert!(count >= 4, "{count} configurations were found");
}

fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text.split("```toml\n").skip(1);
    blocks.filter_map(|rest| Some(rest.split_once("```")?.0))
}

fn is_configuration(block: &str) -> bool {
    let mut lines = block.lines().map(str::trim_start);
    lines.any(|line| TABLES.iter().any(|table| line.starts_with(table)))
}

/// Files of an installation, such as that of a password, are not here.
fn counts(finding: &Finding) -> bool {
    finding.is_error() && !finding.key.ends_with("_file")
}
