//! What is generated from the written types is committed, and is what the types say today.

use std::{fs, path::Path};

#[test]
fn committed_schemas_and_reference_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let generated = [
        (
            "docs/schemas/config.schema.json",
            weir_profile::config_schema(),
        ),
        (
            "device-profiles/schema.json",
            weir_profile::profile_schema(),
        ),
        ("docs/configuration.md", weir_profile::configuration_page()),
    ];
    for (path, text) in generated {
        let file = root.join(path);
        if std::env::var_os("WEIR_BLESS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
        } else {
            let committed = fs::read_to_string(&file).unwrap_or_default();
            assert!(
                committed == text,
                "{path} is not current: run WEIR_BLESS=1 cargo test -p weir-profile"
            );
        }
    }
}
