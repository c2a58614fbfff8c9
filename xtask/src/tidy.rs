//! The house rules that neither rustc nor clippy can hold. One file per rule, all of one shape: the repository in,
//! findings out. A new rule is a file beside these, a line in [`RULES`], and a test that makes it fail.

mod finding;
mod repo;

mod architecture;
mod banned_crates;
mod decisions;
mod file_length;
mod home_paths;
mod licences;
mod links;
mod lints;
mod models;
mod names;
mod profile_numbers;
mod pure_pipeline;
mod unfinished;
mod units;
mod words;

use anyhow::{Result, bail};

use self::{finding::Finding, repo::Repo};
use crate::{process::say, tree::Tree};

type Rule = fn(&Repo) -> Vec<Finding>;

const RULES: [(&str, Rule); 15] = [
    ("architecture", architecture::check),
    ("banned crates", banned_crates::check),
    ("decisions", decisions::check),
    ("file length", file_length::check),
    ("home paths", home_paths::check),
    ("licences", licences::check),
    ("links", links::check),
    ("lints", lints::check),
    ("models", models::check),
    ("names", names::check),
    ("profile numbers", profile_numbers::check),
    ("pure pipeline", pure_pipeline::check),
    ("unfinished", unfinished::check),
    ("units", units::check),
    ("words", words::check),
];

/// Checks every rule; fails where one finds something.
#[expect(clippy::print_stdout, reason = "the findings are the product")]
pub(crate) fn tidy(tree: &Tree) -> Result<()> {
    let repo = Repo::read(tree)?;
    let mut count = 0;
    for (name, rule) in RULES {
        for finding in rule(&repo) {
            println!("{finding} [{name}]");
            count += 1;
        }
    }
    if count > 0 {
        bail!("{count} findings against the house rules (CONTRIBUTING.md)");
    }
    say(&format!(
        "tidy: {} files keep {} rules",
        repo.files.len(),
        RULES.len()
    ));
    Ok(())
}
