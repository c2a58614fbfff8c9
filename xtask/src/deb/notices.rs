mod metadata;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write,
    fs,
    path::Path,
};

use anyhow::{Context, Result, ensure};

use self::metadata::{Metadata, Package, metadata};
use super::Source;
use crate::guests;

/// How the files begin in which crates keep licences and notices.
const FILES: [&str; 6] = [
    "copying",
    "copyright",
    "licence",
    "license",
    "notice",
    "unlicense",
];
/// Endings of files that are not meant.
const CODE: [&str; 5] = ["c", "h", "py", "rs", "toml"];
/// Folders within a crate that are looked into: other people's sources have their own licence beside them.
const DEPTH_MAX: usize = 3;
/// The largest file that is a licence.
const BYTES_MAX: u64 = 1 << 20;

const HEAD: &str = "\
The programs and the guests of this package contain the work of others: the Rust standard library (MIT OR Apache-2.0,
the Rust Project contributors, https://www.rust-lang.org) and the crates below, each with its version, its licence, and
its authors where it names them. Their licence texts and notices follow, each text once.

";

/// The texts of licences that want theirs kept, for crates that forgot to put it in. The first one that fits is taken;
/// Debian has the text of Apache-2.0 on every machine, and CC0-1.0 and MIT-0 ask for nothing.
const FORGOTTEN: [(&str, &str); 5] = [
    ("MIT-0", "No text is asked for."),
    ("MIT", include_str!("MIT.txt")),
    ("BSD-3-Clause", include_str!("BSD-3-Clause.txt")),
    (
        "Apache-2.0",
        "The text is /usr/share/common-licenses/Apache-2.0.",
    ),
    ("CC0-1.0", "No text is asked for."),
];

/// The licences of everything of others in the programs and the guests.
pub(super) fn notices(source: &Source<'_>) -> Result<String> {
    let tree = source.tree;
    let mut crates = Crates::default();
    let programs = metadata(&tree.root, source.arch.triple())?;
    crates.reached(&programs, &["weir", "weir-wasm3-worker"])?;
    for (target, packages) in guests::packages() {
        crates.reached(&metadata(&tree.guests(), target)?, &packages)?;
    }
    crates.written()
}

#[derive(Default)]
struct Crates {
    /// One line for each, in the order of the names.
    lines: BTreeSet<String>,
    /// The crates of each text.
    texts: BTreeMap<String, BTreeSet<String>>,
}

impl Crates {
    /// Adds what is linked into these packages: no build scripts, no macros that run in the compiler.
    fn reached(&mut self, metadata: &Metadata, roots: &[&str]) -> Result<()> {
        let packages: HashMap<_, _> = metadata.packages.iter().map(|one| (&one.id, one)).collect();
        let nodes = metadata.resolve.nodes.iter();
        let nodes: HashMap<_, _> = nodes.map(|node| (&node.id, node)).collect();
        let own = metadata.packages.iter();
        let mut open: Vec<_> = own
            .filter(|one| one.source.is_none() && roots.contains(&one.name.as_str()))
            .map(|one| &one.id)
            .collect();
        ensure!(
            open.len() == roots.len(),
            "a package of {roots:?} is missing"
        );
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            let package = packages[id];
            if !seen.insert(id) || package.is_macro() {
                continue;
            }
            if package.source.is_some() {
                self.add(package)?;
            }
            let linked = nodes[id].deps.iter().filter(|dep| dep.is_linked());
            open.extend(linked.map(|dep| &dep.pkg));
        }
        Ok(())
    }

    fn add(&mut self, package: &Package) -> Result<()> {
        let name = format!("{} {}", package.name, package.version);
        let licence = package.license.as_deref().unwrap_or("see below");
        let authors = package.authors.join(", ");
        self.lines.insert(format!("{name}: {licence}; {authors}"));
        let folder = package.manifest_path.parent().unwrap_or(Path::new("."));
        let mut texts = Vec::new();
        read_texts(folder, DEPTH_MAX, &mut texts)
            .with_context(|| format!("the licences of {name} cannot be read"))?;
        if texts.is_empty() {
            let mut known = FORGOTTEN.iter();
            let found = known.find(|(known, _)| licence.contains(known));
            let (_, text) = found.with_context(|| {
                format!("{name} is under {licence} and has no text of it: add the text to xtask/src/deb/notices.rs")
            })?;
            texts.push(text.trim().to_owned());
        }
        for text in texts {
            self.texts.entry(text).or_default().insert(name.clone());
        }
        Ok(())
    }

    fn written(&self) -> Result<String> {
        let mut written = String::from(HEAD);
        for line in &self.lines {
            writeln!(written, "{}", line.trim_end_matches("; "))?;
        }
        let mut texts: Vec<_> = self.texts.iter().collect();
        texts.sort_by_key(|(_, crates)| *crates);
        for (text, crates) in texts {
            let crates: Vec<_> = crates.iter().map(String::as_str).collect();
            let line = "-".repeat(80);
            writeln!(written, "\n{line}\n{}\n{line}\n\n{text}", crates.join(", "))?;
        }
        Ok(written)
    }
}

/// The texts of a folder and of those in it, ends of lines and spaces at them alike everywhere.
fn read_texts(folder: &Path, depth: usize, texts: &mut Vec<String>) -> Result<()> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() && depth > 0 {
            read_texts(&path, depth - 1, texts)?;
        } else if is_licence(&path) && fs::metadata(&path)?.len() <= BYTES_MAX {
            let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
            let lines: Vec<_> = text.lines().map(str::trim_end).collect();
            texts.push(lines.join("\n").trim_matches('\n').to_owned());
        }
    }
    Ok(())
}

fn is_licence(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let name = name.to_string_lossy().to_lowercase();
    let ending = path.extension().unwrap_or_default();
    FILES.iter().any(|known| name.starts_with(known)) && CODE.iter().all(|code| *code != ending)
}

#[cfg(test)]
mod tests {
    use super::{
        metadata::{Dependency, Kind, Node, Resolve, Target},
        *,
    };

    fn package(folder: &Path, name: &str, source: Option<&str>, kind: &str) -> Package {
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: Some("MIT".to_owned()),
            authors: Vec::new(),
            manifest_path: folder.join(name).join("Cargo.toml"),
            source: source.map(str::to_owned),
            targets: vec![Target {
                kind: vec![kind.to_owned()],
            }],
        }
    }

    fn node(id: &str, deps: &[(&str, Option<&str>)]) -> Node {
        let deps = deps.iter().map(|(pkg, kind)| Dependency {
            pkg: (*pkg).to_owned(),
            dep_kinds: vec![Kind {
                kind: kind.map(str::to_owned),
            }],
        });
        Node {
            id: id.to_owned(),
            deps: deps.collect(),
        }
    }

    #[test]
    fn what_is_linked_is_named_with_its_texts_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for name in ["linked", "below", "macro", "script"] {
            put(&format!("{name}/LICENSE-MIT"), "The same text.\r\n");
        }
        put("linked/src/license.rs", "code");
        put("linked/c/LICENSE", "Of the C code.");
        let registry = Some("registry");
        let metadata = Metadata {
            packages: vec![
                package(folder.path(), "weir", None, "bin"),
                package(folder.path(), "linked", registry, "lib"),
                package(folder.path(), "below", registry, "lib"),
                package(folder.path(), "macro", registry, "proc-macro"),
                package(folder.path(), "script", registry, "lib"),
            ],
            resolve: Resolve {
                nodes: vec![
                    node(
                        "weir",
                        &[("linked", None), ("macro", None), ("script", Some("build"))],
                    ),
                    node("linked", &[("below", None)]),
                    node("below", &[]),
                    node("macro", &[]),
                    node("script", &[]),
                ],
            },
        };
        let mut crates = Crates::default();
        crates.reached(&metadata, &["weir"]).unwrap();
        let written = crates.written().unwrap();
        assert!(
            written.contains("below 1.0.0: MIT\nlinked 1.0.0: MIT\n"),
            "{written}"
        );
        assert!(written.contains("below 1.0.0, linked 1.0.0\n"), "{written}");
        assert!(written.contains("Of the C code."), "{written}");
        assert_eq!(written.matches("The same text.").count(), 1);
        assert!(
            !written.contains("macro") && !written.contains("script"),
            "{written}"
        );
        assert!(!written.contains("code\n"), "{written}");
    }
}
