use toml::Table;

use super::{finding::Finding, repo::Repo};

const FILE: &str = "deny.toml";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// No package that `deny.toml` bans is part of a build, and every foreign one comes from crates.io. The file is
/// written for cargo-deny; this rule reads the part of it that needs no network.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let bans = bans(repo);
    let mut findings = Vec::new();
    for package in repo.packages.iter() {
        for ban in &bans {
            if ban.name == package.name && ban.versions.contains(&package.version) {
                findings.push(Finding::of(
                    FILE,
                    format!("{} {} is part of the build", package.name, package.version),
                    &ban.reason,
                ));
            }
        }
        if package
            .source
            .as_deref()
            .is_some_and(|source| source != CRATES_IO)
        {
            findings.push(Finding::of(
                FILE,
                format!("{} does not come from crates.io", package.name),
                "publish it or vendor it with a decision",
            ));
        }
    }
    findings
}

struct Ban {
    name: String,
    versions: Versions,
    reason: String,
}

/// The versions that a ban is about: all, or those before one.
enum Versions {
    All,
    Before(Vec<u64>),
}

impl Versions {
    fn contains(&self, version: &str) -> bool {
        match self {
            Self::All => true,
            Self::Before(first_good) => numbers(version) < *first_good,
        }
    }
}

fn bans(repo: &Repo) -> Vec<Ban> {
    let text = repo.file(FILE).and_then(|file| file.text()).unwrap_or("");
    let table: Table = toml::from_str(text).unwrap_or_default();
    let list = table
        .get("bans")
        .and_then(|bans| bans.get("deny"))
        .and_then(|deny| deny.as_array());
    list.into_iter()
        .flatten()
        .filter_map(|entry| {
            let spec = entry.get("crate")?.as_str()?;
            let (name, versions) = match spec.split_once("@<") {
                Some((name, first_good)) => (name, Versions::Before(numbers(first_good))),
                None => (spec, Versions::All),
            };
            Some(Ban {
                name: name.to_owned(),
                versions,
                reason: entry.get("reason")?.as_str()?.to_owned(),
            })
        })
        .collect()
}

fn numbers(version: &str) -> Vec<u64> {
    version
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::repo::Package;

    const DENY: &str = r#"
[bans]
deny = [
    { crate = "wasm3", reason = "not sound" },
    { crate = "old@<0.103", reason = "update it" },
]
"#;

    fn with(name: &str, version: &str, source: &str) -> Vec<Finding> {
        let mut repo = Repo::of_files(&[(FILE, DENY)]);
        repo.packages.push(Package {
            name: name.to_owned(),
            version: version.to_owned(),
            source: Some(source.to_owned()),
            ..Package::default()
        });
        check(&repo)
    }

    #[test]
    fn a_banned_crate_is_found() {
        assert_eq!(with("wasm3", "0.3.1", CRATES_IO).len(), 1);
        assert!(with("wasm3x", "0.9.0", CRATES_IO).is_empty());
    }

    #[test]
    fn a_banned_version_is_found() {
        assert_eq!(with("old", "0.102.8", CRATES_IO).len(), 1);
        assert!(with("old", "0.103.0", CRATES_IO).is_empty());
    }

    #[test]
    fn another_source_is_found() {
        assert_eq!(with("new", "1.0.0", "git+https://example.org/new").len(), 1);
    }
}
