//! Pages of `docs/` against the code: the page of topics is made of it, and troubleshooting knows every code.
#![expect(
    clippy::disallowed_methods,
    reason = "compares pages of the repository with the code"
)]

mod fields;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use weir_pipeline::{
    RejectCode, reject_schema, result_schema,
    topics::{Direction, topics},
};

const TOPICS: &str = include_str!("topics.md");

#[test]
fn the_page_of_topics_is_current() {
    let path = page("topics.md");
    let expected = topics_page();
    if std::env::var_os("WEIR_BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
    } else {
        assert!(
            fs::read_to_string(&path).unwrap_or_default() == expected,
            "docs/topics.md is stale: run `cargo xtask bless`"
        );
    }
}

#[test]
fn troubleshooting_has_cause_and_cure_of_every_reject_code() {
    let text = fs::read_to_string(page("troubleshooting.md")).unwrap();
    let (_, part) = text.split_once("\n## Reject codes\n").expect("a part");
    let part = part.split("\n## ").next().expect("its end");
    let mut described = BTreeSet::new();
    for section in part.split("\n### ").skip(1) {
        let (heading, words) = section.split_once('\n').expect("more than a heading");
        let code = heading.trim_matches('`');
        for needed in ["**Cause:**", "**Cure:**"] {
            assert!(words.contains(needed), "{code} has no {needed}");
        }
        assert!(described.insert(code), "{code} stands there twice");
    }
    let known = RejectCode::ALL.iter().map(|code| code.code());
    assert_eq!(described, known.collect(), "docs/troubleshooting.md");
}

fn page(name: &str) -> PathBuf {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    docs.join(name)
}

fn topics_page() -> String {
    let parts = [
        ("topics", topic_table()),
        ("result", fields::table(&result_schema())),
        ("reject", fields::table(&reject_schema())),
        ("codes", code_table()),
        ("health", fields::table(&weir_health::schema())),
    ];
    parts.iter().fold(TOPICS.to_owned(), |page, (name, part)| {
        let mark = format!("<!-- insert {name} -->\n");
        assert!(page.contains(&mark), "{mark}");
        page.replace(&mark, part)
    })
}

fn topic_table() -> String {
    let mut table =
        "| topic | direction | QoS | retained | payload |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for topic in topics() {
        let direction = match topic.direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        writeln!(
            table,
            "| {} | {direction} | {} | {} | {} |",
            topic.name, topic.qos, topic.retained, topic.payload
        )
        .expect("a text takes it");
    }
    table
}

fn code_table() -> String {
    let mut table = "| code | meaning |\n| --- | --- |\n".to_owned();
    for code in RejectCode::ALL {
        let (code, words) = (code.code(), code.words());
        writeln!(table, "| [`{code}`](troubleshooting.md#{code}) | {words} |")
            .expect("a text takes it");
    }
    table
}
