use super::{
    finding::Finding,
    repo::{Package, Repo, lines},
};

const FILE: &str = "ARCHITECTURE.md";
const EVERYTHING: &str = "everything";
/// Not part of what runs: nothing depends on them, not even what may name everything.
const OUTSIDE: [&str; 2] = ["tests", "xtask"];

/// Each of our packages has a row in the table of `ARCHITECTURE.md` and each row a package. A package names those of
/// ours that its row allows (its tests may name more), and within the gateway no library that another row keeps to
/// itself.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let rows = rows(repo);
    let mut findings = Vec::new();
    for package in repo.members() {
        let Some(row) = rows.iter().find(|row| row.folder == package.folder()) else {
            findings.push(Finding::of(
                &package.manifest_path,
                format!("{} has no row in {FILE}", package.folder()),
                "add one: what it does, and which of ours it may name",
            ));
            continue;
        };
        findings.extend(ours(repo, package, row));
        findings.extend(libraries(package, &rows));
    }
    findings.extend(rows.iter().filter_map(|row| stale(repo, row)));
    findings
}

/// A row of the table: `| crate | what it does | may name | alone names |`.
struct Row<'a> {
    folder: &'a str,
    /// Folders; or everything.
    may_name: Vec<&'a str>,
    /// Crates; a star at the end stands for any ending.
    alone_names: Vec<&'a str>,
}

fn rows(repo: &Repo) -> Vec<Row<'_>> {
    let Some(text) = repo.file(FILE).and_then(|file| file.text()) else {
        return Vec::new();
    };
    lines(text)
        .filter_map(|(_, line)| {
            let cells: Vec<&str> = line.strip_prefix("| `")?.split('|').collect();
            let [folder, _, may_name, alone_names, _] = cells.as_slice() else {
                return None;
            };
            Some(Row {
                folder: folder.trim().trim_end_matches('`'),
                may_name: list(may_name),
                alone_names: list(alone_names),
            })
        })
        .collect()
}

fn list(cell: &str) -> Vec<&str> {
    cell.split(',')
        .map(|word| word.trim().trim_matches('`'))
        .filter(|word| !word.is_empty() && *word != "–")
        .collect()
}

fn stale(repo: &Repo, row: &Row) -> Option<Finding> {
    let exists = repo.members().any(|package| package.folder() == row.folder);
    let what = format!("the row of {}, which is no package", row.folder);
    (!exists).then(|| Finding::of(FILE, what, "remove it"))
}

fn ours(repo: &Repo, package: &Package, row: &Row) -> Vec<Finding> {
    let built_from = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind.as_deref() != Some("dev"));
    built_from
        .filter_map(|dependency| repo.members().find(|ours| ours.name == dependency.name))
        .map(Package::folder)
        .filter(|folder| !row.allows(folder))
        .map(|folder| {
            Finding::of(
                &package.manifest_path,
                format!("{} may not name {folder}", package.folder()),
                "go through what it may name, or change its row in ARCHITECTURE.md and say why",
            )
        })
        .collect()
}

impl Row<'_> {
    fn allows(&self, folder: &str) -> bool {
        let everything = self.may_name.contains(&EVERYTHING) && !OUTSIDE.contains(&folder);
        everything || self.may_name.contains(&folder)
    }
}

/// Within the gateway; tests and tools meet a library from the other side.
fn libraries(package: &Package, rows: &[Row]) -> Vec<Finding> {
    if !package.folder().starts_with("gateway/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let holds = |row: &Row| {
            row.alone_names
                .iter()
                .any(|name| matches(name, &dependency.name))
        };
        let holders: Vec<&str> = rows
            .iter()
            .filter(|row| holds(row))
            .map(|row| row.folder)
            .collect();
        if !holders.is_empty() && !holders.contains(&package.folder()) {
            findings.push(Finding::of(
                &package.manifest_path,
                format!("{} names {}", package.folder(), dependency.name),
                &format!("only {} may: use its contract", holders.join(" and ")),
            ));
        }
    }
    findings
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
| crate | what it does | may name | alone names |
| --- | --- | --- | --- |
| `gateway/engine` | contract | – | – |
| `gateway/engine-wasmtime` | compiler | `gateway/engine` | `wasmtime*` |
| `gateway/weir` | binary | everything | – |
";

    const COMPLETE: [(&str, &str); 3] = [
        ("gateway/engine", "weir-engine"),
        ("gateway/engine-wasmtime", "weir-engine-wasmtime"),
        ("gateway/weir", "weir"),
    ];

    /// All packages of the table; the named one has these dependencies.
    fn with(name: &str, dependencies: &[&str]) -> Vec<Finding> {
        let repo = COMPLETE.iter().fold(
            Repo::of_files(&[(FILE, TABLE)]),
            |repo, (folder, package)| {
                let its = if *package == name { dependencies } else { &[] };
                repo.with_member(folder, package, its)
            },
        );
        check(&repo)
    }

    #[test]
    fn what_the_table_allows_is_fine() {
        let dependencies = ["weir-engine", "wasmtime", "wasmtime-wizer", "serde"];
        assert!(with("weir-engine-wasmtime", &dependencies).is_empty());
        assert!(with("weir", &["weir-engine"]).is_empty());
    }

    #[test]
    fn a_package_without_a_row_and_a_row_without_a_package_are_found() {
        let repo = Repo::of_files(&[(FILE, TABLE)]).with_member("gateway/new", "weir-new", &[]);
        assert_eq!(check(&repo).len(), 1 + COMPLETE.len());
    }

    #[test]
    fn one_of_ours_that_the_row_does_not_allow_is_found() {
        assert_eq!(with("weir-engine", &["weir"]).len(), 1);
    }

    #[test]
    fn nothing_depends_on_the_tests() {
        let text = format!("{TABLE}| `tests` | tests | everything | – |\n");
        let repo = COMPLETE.iter().fold(
            Repo::of_files(&[(FILE, &text)]).with_member("tests", "weir-tests", &["weir"]),
            |repo, (folder, package)| repo.with_member(folder, package, &["weir-tests"]),
        );
        assert_eq!(check(&repo).len(), COMPLETE.len());
    }

    #[test]
    fn a_library_that_another_keeps_to_itself_is_found() {
        assert_eq!(with("weir", &["wasmtime-environ"]).len(), 1);
    }
}
