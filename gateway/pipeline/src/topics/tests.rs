#![expect(
    clippy::disallowed_methods,
    reason = "compares a page of the repository with the code"
)]

use std::{fmt::Write as _, fs, path::Path};

use super::*;
use crate::RejectCode;

/// The page with what stands between the two marks replaced.
fn with_part(page: &str, mark: &str, part: &str) -> String {
    let (begin, end) = (
        format!("<!-- begin {mark} -->\n"),
        format!("<!-- end {mark} -->"),
    );
    let (before, rest) = page.split_once(&begin).expect("the page has the mark");
    let (_, after) = rest.split_once(&end).expect("the mark has an end");
    format!("{before}{begin}{part}{end}{after}")
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
        let Topic {
            name,
            qos,
            retained,
            payload,
            ..
        } = topic;
        writeln!(
            table,
            "| {name} | {direction} | {qos} | {retained} | {payload} |"
        )
        .unwrap();
    }
    table
}

fn code_table() -> String {
    let mut table = "| code | meaning |\n| --- | --- |\n".to_owned();
    for code in RejectCode::ALL {
        writeln!(table, "| `{}` | {} |", code.code(), code.words()).unwrap();
    }
    table
}

#[test]
fn the_page_says_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../broker-config/topics.md");
    let page = fs::read_to_string(&path).unwrap();
    let expected = with_part(&page, "topics", &topic_table());
    let expected = with_part(&expected, "codes", &code_table());
    if std::env::var_os("WEIR_BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
    } else {
        assert!(
            page == expected,
            "broker-config/topics.md is stale: run the tests with WEIR_BLESS=1"
        );
    }
}

#[test]
fn names_are_built_as_the_table_says() {
    let (pipeline, device, node) = (
        "p".parse().unwrap(),
        "d".parse().unwrap(),
        "n".parse().unwrap(),
    );
    assert_eq!(result("weir", &pipeline, &device), "weir/results/p/d");
    assert_eq!(reject("weir", &pipeline, Some(&device)), "weir/rejects/p/d");
    assert_eq!(reject("weir", &pipeline, None), "weir/rejects/p/_");
    assert_eq!(status("weir", &node), "weir/nodes/n/status");
    assert_eq!(health("weir", &node), "weir/nodes/n/health");
}
