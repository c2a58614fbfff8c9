use std::collections::BTreeMap;

use super::{
    finding::Finding,
    repo::{File, Repo},
};

const FOLDER: &str = "gateway/decisions/";

/// Decisions are `NNNN-words.md`, each number once and none left out, each with a status and a date.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers: BTreeMap<usize, &str> = BTreeMap::new();
    for file in &repo.files {
        let Some(name) = file.path.strip_prefix(FOLDER) else {
            continue;
        };
        if name == "README.md" {
            continue;
        }
        findings.extend(undated(file));
        let number = name.get(..4).and_then(|digits| digits.parse().ok());
        let well_named = name.ends_with(".md") && name.get(4..5) == Some("-");
        match number.filter(|_| well_named) {
            None => findings.push(Finding::of(
                &file.path,
                "a decision without a number",
                "name it NNNN-words.md with the next number",
            )),
            Some(number) => {
                if let Some(other) = numbers.insert(number, name) {
                    findings.push(Finding::of(
                        &file.path,
                        format!("has the number of {other}"),
                        "give the newer one the next number",
                    ));
                }
            }
        }
    }
    findings.extend(gaps(&numbers));
    findings
}

fn undated(file: &File) -> Option<Finding> {
    let text = file.text()?;
    let status = text.to_lowercase().contains("status");
    let dated = text
        .split(|letter: char| !(letter.is_ascii_digit() || letter == '-'))
        .any(is_date);
    (!status || !dated).then(|| {
        Finding::of(
            &file.path,
            "a decision without a status or a date",
            "write both under its title: `Status: accepted, 2026-11-21`",
        )
    })
}

/// `YYYY-MM-DD`.
fn is_date(word: &str) -> bool {
    let parts: Vec<usize> = word.split('-').map(str::len).collect();
    parts == [4, 2, 2]
}

fn gaps(numbers: &BTreeMap<usize, &str>) -> Vec<Finding> {
    (1..)
        .zip(numbers)
        .filter(|(expected, (number, _))| expected != *number)
        .take(1)
        .map(|(expected, (_, name))| {
            Finding::of(
                &format!("{FOLDER}{name}"),
                format!("number {expected:04} is left out"),
                "number decisions without gaps; one that no longer holds stays, with its status",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# A decision\n\nStatus: accepted, 2026-11-21\n";

    fn found(files: &[(&str, &str)]) -> usize {
        check(&Repo::of_files(files)).len()
    }

    #[test]
    fn numbered_and_dated_decisions_are_fine() {
        let files = [
            ("gateway/decisions/0001-a.md", GOOD),
            ("gateway/decisions/0002-b.md", GOOD),
            ("gateway/decisions/README.md", "How to"),
        ];
        assert_eq!(found(&files), 0);
    }

    #[test]
    fn each_fault_is_found() {
        assert_eq!(found(&[("gateway/decisions/broker.md", GOOD)]), 1);
        assert_eq!(found(&[("gateway/decisions/0002-a.md", GOOD)]), 1);
        assert_eq!(found(&[("gateway/decisions/0001-a.md", "# No date\n")]), 1);
        let twice = [
            ("gateway/decisions/0001-a.md", GOOD),
            ("gateway/decisions/0001-b.md", GOOD),
        ];
        assert_eq!(found(&twice), 1);
    }
}
