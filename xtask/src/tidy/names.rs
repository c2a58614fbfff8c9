use std::collections::BTreeSet;

use super::{
    finding::Finding,
    repo::{Repo, lines, words},
};

const ADVICE: &str = "name it after what it does for its reader";

/// Never as the last word of a file, folder or module.
const EMPTY: [&str; 9] = [
    "common",
    "core",
    "helper",
    "helpers",
    "manager",
    "misc",
    "util",
    "utilities",
    "utils",
];

/// Never at the end of a type's name.
const EMPTY_ENDINGS: [&str; 5] = ["Helper", "Helpers", "Manager", "Util", "Utils"];

/// No file, folder, module or type has a name that says nothing.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = paths(repo);
    for (file, text) in repo.texts(&["rs"]) {
        for (number, line) in lines(text) {
            if let Some(name) = declared(line).filter(|name| is_empty(name)) {
                findings.push(Finding::at(
                    file,
                    number,
                    format!("the name {name}"),
                    ADVICE,
                ));
            }
        }
    }
    findings
}

/// Each folder and file once, however many files a folder has.
fn paths(repo: &Repo) -> Vec<Finding> {
    let mut found = BTreeSet::new();
    for file in &repo.files {
        for (end, _) in file.path.match_indices('/').chain([(file.path.len(), "")]) {
            let path = &file.path[..end];
            let name = path.rsplit('/').next().unwrap_or(path);
            if is_empty(name.split('.').next().unwrap_or(name)) {
                found.insert(path);
            }
        }
    }
    found
        .into_iter()
        .map(|path| Finding::of(path, "a name that says nothing", ADVICE))
        .collect()
}

fn is_empty(name: &str) -> bool {
    let last = name.rsplit(['-', '_']).next().unwrap_or(name);
    EMPTY.contains(&last) || EMPTY_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The name of a module or type that a line declares.
fn declared(line: &str) -> Option<&str> {
    let mut words = words(line).skip_while(|word| ["pub", "crate", "super"].contains(word));
    let keyword = words.next()?;
    ["mod", "struct", "enum", "trait"]
        .contains(&keyword)
        .then(|| words.next())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Repo::of_files(&[(path, text)])).len()
    }

    #[test]
    fn empty_names_of_files_and_folders_are_found() {
        assert_eq!(found("gateway/utils/src/lib.rs", ""), 1);
        assert_eq!(found("gateway/weir/src/session_manager.rs", ""), 1);
        assert_eq!(found("gateway/weir-core/Cargo.toml", ""), 1);
        assert_eq!(found("tests/common.py", ""), 1);
    }

    #[test]
    fn empty_names_of_modules_and_types_are_found() {
        assert_eq!(found("a.rs", "pub(crate) mod helpers {"), 1);
        assert_eq!(found("a.rs", "pub struct PoolManager;"), 1);
    }

    #[test]
    fn names_that_say_something_are_fine() {
        assert_eq!(found("device-profiles/cortex-m4-256k.toml", ""), 0);
        assert_eq!(found("gateway/store/src/core_module.rs", "mod cores;"), 0);
        assert_eq!(found("a.rs", "/// The package manager installs it."), 0);
    }
}
