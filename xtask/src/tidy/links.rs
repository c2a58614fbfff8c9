use super::{
    finding::Finding,
    repo::{Repo, lines},
};

const ADVICE: &str = "name a file of the repository, and a heading that it has";

/// What becomes part of a page in `docs/`: its links are seen from there.
const PARTS: [&str; 3] = [
    "gateway/pipeline/tests/pages/",
    "gateway/profile/src/reference/",
    "tests/bench/",
];

/// Every link of a page leads to a file, a folder or a heading of the repository. Addresses elsewhere are not followed.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in repo.texts(&["md"]) {
        let is_part = PARTS.iter().any(|folder| file.path.starts_with(folder));
        let page = if is_part { "docs/page.md" } else { &file.path };
        for (number, line) in prose(text) {
            for target in targets(line).filter(|target| !leads(repo, page, target)) {
                let what = format!("a link to {target}, which is not there");
                findings.push(Finding::at(file, number, what, ADVICE));
            }
        }
    }
    findings
}

/// The lines that are not in a fenced block.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    lines(text).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// What the links of a line name, outside of `code`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(at, mark)| {
        let in_code = line[..at].matches('`').count() % 2 == 1;
        let target = line[at + mark.len()..].split([')', ' ']).next()?;
        let elsewhere = target.contains("://") || target.starts_with("mailto:");
        (!in_code && !elsewhere && !target.is_empty()).then_some(target)
    })
}

fn leads(repo: &Repo, page: &str, target: &str) -> bool {
    let (path, heading) = match target.split_once('#') {
        Some((path, heading)) => (path, Some(heading)),
        None => (target, None),
    };
    let path = match path {
        "" => Some(page.to_owned()),
        path => resolved(page, path),
    };
    let Some(path) = path else { return false };
    match (repo.file(&path), heading) {
        (Some(file), Some(heading)) => file.text().is_some_and(|text| has_heading(text, heading)),
        (Some(_), None) => true,
        (None, _) => {
            let folder = format!("{path}/");
            heading.is_none() && repo.files.iter().any(|file| file.path.starts_with(&folder))
        }
    }
}

/// A path from the root, of one that is relative to a page; none where it leaves the repository.
fn resolved(page: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn has_heading(text: &str, wanted: &str) -> bool {
    let mut headings = prose(text).filter(|(_, line)| line.starts_with('#'));
    headings.any(|(_, line)| anchor(line.trim_start_matches('#')) == wanted)
}

/// A heading as a link names it: lower case, blanks as `-`, no punctuation.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().chars().filter_map(|letter| match letter {
        ' ' | '-' => Some('-'),
        letter if letter.is_alphanumeric() || letter == '_' => Some(letter),
        _ => None,
    });
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> usize {
        let other = (
            "docs/other.md",
            "# A `code_word`, and 2 more\n```sh\n# no heading\n```\n",
        );
        check(&Repo::of_files(&[("docs/page.md", line), other])).len()
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        assert_eq!(found("see [it](missing.md)"), 1);
        assert_eq!(found("see [it](other.md#missing) and [this](../a/b)"), 2);
        assert_eq!(found("see [it](other.md#no-heading)"), 1);
        assert_eq!(found("see [it](../../outside.md)"), 1);
        assert_eq!(found("see [above](#nothing)"), 1);
    }

    #[test]
    fn links_that_lead_somewhere_are_fine() {
        assert_eq!(found("[a](other.md#a-code_word-and-2-more)"), 0);
        assert_eq!(
            found("[a](../docs/other.md) [b](../docs) [c](./other.md)"),
            0
        );
        assert_eq!(found("# Here\n[a](#here)"), 0);
        assert_eq!(found("[a](https://example.org/x) [b](mailto:a@b.c)"), 0);
        assert_eq!(found("`[a](missing.md)`\n```md\n[a](missing.md)\n```"), 0);
        let part = ("tests/bench/e2e/method.md", "[a](other.md)");
        assert!(check(&Repo::of_files(&[part, ("docs/other.md", "")])).is_empty());
    }
}
