//! The committed schemas of result and reject are those of the types. `WEIR_BLESS=1` rewrites them.
#![expect(
    clippy::disallowed_methods,
    reason = "compares files of the repository with the code"
)]

use std::{fs, path::Path};

fn check(name: &str, generated: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    let path = folder.join(format!("{name}.schema.json"));
    if std::env::var_os("WEIR_BLESS").is_some() {
        fs::write(&path, generated).expect("the schema can be written");
        return;
    }
    let committed = fs::read_to_string(&path).expect("the schema is committed");
    assert!(
        committed == generated,
        "{name}.schema.json is stale: run the tests with WEIR_BLESS=1"
    );
}

#[test]
fn the_schema_of_results_is_current() {
    check("result", &weir_pipeline::result_schema());
}

#[test]
fn the_schema_of_rejects_is_current() {
    check("reject", &weir_pipeline::reject_schema());
}
