use super::{finding::Finding, repo::Repo};

const LINES_MAX: usize = 600;
const LINES_WITHOUT_REASON_MAX: usize = 300;
const REASON: &str = "Long because";
/// The reason stands where a reader begins.
const REASON_LINES: usize = 12;

/// A source file has at most 600 lines; beyond 300 its first lines say `Long because …`.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in repo.texts(&["rs", "py", "sh"]) {
        let count = text.lines().count();
        let reason = text
            .lines()
            .take(REASON_LINES)
            .any(|line| line.contains(REASON));
        let what = format!("{count} lines");
        if count > LINES_MAX {
            findings.push(Finding::of(&file.path, what, "split it: 600 is the end"));
        } else if count > LINES_WITHOUT_REASON_MAX && !reason {
            findings.push(Finding::of(
                &file.path,
                what,
                "split it, or begin it with `//! Long because …` (`//` outside of a crate's root)",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(first: &str, count: usize) -> usize {
        let text = format!("{first}\n{}", "x\n".repeat(count - 1));
        check(&Repo::of_files(&[("a.rs", &text)])).len()
    }

    #[test]
    fn a_long_file_needs_a_reason_and_a_very_long_one_has_none() {
        assert_eq!(found("", 300), 0);
        assert_eq!(found("", 301), 1);
        assert_eq!(found("// Long because the table is.", 600), 0);
        assert_eq!(found("// Long because the table is.", 601), 1);
    }
}
