use std::collections::BTreeSet;

use toml::Table;

use super::{finding::Finding, repo::Repo};

const FILE: &str = "deny.toml";

/// Everything that is linked or run in a build is under a licence that `deny.toml` allows.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let allowed = allowed(repo);
    let mut found = BTreeSet::new();
    for package in &repo.packages {
        let stated = package.license.as_deref().unwrap_or("");
        if !is_allowed(stated, &allowed) {
            found.insert(format!("{} is under \"{stated}\"", package.name));
        }
    }
    found
        .into_iter()
        .map(|what| {
            Finding::of(
                FILE,
                what,
                "choose another crate, or allow the licence after reading it",
            )
        })
        .collect()
}

fn allowed(repo: &Repo) -> Vec<String> {
    let text = repo.file(FILE).and_then(|file| file.text()).unwrap_or("");
    let table: Table = toml::from_str(text).unwrap_or_default();
    let list = table
        .get("licenses")
        .and_then(|licenses| licenses.get("allow"))
        .and_then(|allow| allow.as_array());
    list.into_iter()
        .flatten()
        .filter_map(|licence| Some(licence.as_str()?.to_owned()))
        .collect()
}

/// Whether an SPDX expression can be kept with the allowed licences. The old slash is an `OR`.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace(" WITH ", "~");
    let words: Vec<String> = spaced
        .split_whitespace()
        .map(|word| word.replace('~', " WITH "))
        .collect();
    let mut expression = Expression {
        words: &words,
        allowed,
    };
    expression.any() && expression.words.is_empty()
}

/// What is left of an expression. Both sides of an operator are always read, or the rest would be misread.
struct Expression<'a> {
    words: &'a [String],
    allowed: &'a [String],
}

impl Expression<'_> {
    fn any(&mut self) -> bool {
        let mut holds = self.all();
        while self.takes("OR") {
            holds |= self.all();
        }
        holds
    }

    fn all(&mut self) -> bool {
        let mut holds = self.one();
        while self.takes("AND") {
            holds &= self.one();
        }
        holds
    }

    fn one(&mut self) -> bool {
        if self.takes("(") {
            let holds = self.any();
            return self.takes(")") && holds;
        }
        let Some((licence, rest)) = self.words.split_first() else {
            return false;
        };
        self.words = rest;
        self.allowed.contains(licence)
    }

    fn takes(&mut self, word: &str) -> bool {
        let Some((first, rest)) = self.words.split_first() else {
            return false;
        };
        let taken = first == word;
        if taken {
            self.words = rest;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::repo::Package;

    fn holds(expression: &str) -> bool {
        let allowed = ["Apache-2.0", "MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
        is_allowed(expression, &allowed.map(str::to_owned))
    }

    #[test]
    fn expressions_are_read_as_spdx_says() {
        assert!(holds("MIT"));
        assert!(holds("MIT/Apache-2.0"));
        assert!(holds("GPL-3.0 OR MIT"));
        assert!(holds("Apache-2.0 AND ISC"));
        assert!(holds("Apache-2.0 WITH LLVM-exception"));
        assert!(holds("(GPL-3.0 OR Apache-2.0) AND ISC"));
        assert!(!holds(""));
        assert!(!holds("GPL-3.0"));
        assert!(!holds("MIT AND GPL-3.0"));
        assert!(!holds("(MIT OR Apache-2.0) AND GPL-3.0"));
        assert!(!holds("MIT OR Apache-2.0)"));
    }

    #[test]
    fn a_licence_that_is_not_allowed_is_found() {
        let mut repo = Repo::of_files(&[(FILE, "[licenses]\nallow = [\"MIT\"]\n")]);
        for (name, license) in [("kept", "MIT"), ("found", "GPL-3.0"), ("silent", "")] {
            repo.packages.push(Package {
                name: name.to_owned(),
                license: Some(license.to_owned()),
                ..Package::default()
            });
        }
        assert_eq!(check(&repo).len(), 2);
    }
}
