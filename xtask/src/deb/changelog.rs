use std::{fs, process::Command};

use anyhow::{Context, Result, bail};

use super::{Source, control};
use crate::process;

/// The longest line of Debian's changelogs.
const COLUMNS: usize = 80;
/// What was changed since the last version.
const UNRELEASED: &str = "Unreleased";

/// `CHANGELOG.md` as Debian writes it: the section of what is not released yet is that of this package.
pub(super) fn changelog(source: &Source<'_>) -> Result<String> {
    let file = source.tree.root.join("CHANGELOG.md");
    let text = fs::read_to_string(file)?;
    let mut written = String::new();
    for section in sections(&text) {
        let (version, time) = match section.heading.split_once(' ') {
            None if section.heading == UNRELEASED => {
                (source.version.clone(), format!("@{}", source.epoch))
            }
            Some((version, day)) => (
                format!("{version}-1"),
                day.trim_matches(|sign: char| !sign.is_ascii_digit())
                    .to_owned(),
            ),
            None => bail!(
                "CHANGELOG.md: a heading is `## {UNRELEASED}` or `## <version> (<day>)`, not `## {}`",
                section.heading
            ),
        };
        written.push_str(&entry(&version, &section.changes, &date(&time)?));
    }
    Ok(written)
}

struct Section<'a> {
    heading: &'a str,
    changes: Vec<String>,
}

/// The sections with what they list, each point in one line.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            sections.push(Section {
                heading: heading.trim(),
                changes: Vec::new(),
            });
            continue;
        }
        let Some(section) = sections.last_mut() else {
            continue;
        };
        if let Some(change) = line.strip_prefix("- ") {
            section.changes.push(change.trim().to_owned());
        } else if let (Some(change), true) = (section.changes.last_mut(), line.starts_with("  ")) {
            change.push(' ');
            change.push_str(line.trim());
        }
    }
    sections.retain(|section| !section.changes.is_empty());
    sections
}

fn entry(version: &str, changes: &[String], date: &str) -> String {
    let changes: String = changes.iter().map(|change| point(change)).collect();
    let maintainer = control::maintainer();
    format!("weir ({version}) unstable; urgency=medium\n\n{changes}\n -- {maintainer}  {date}\n\n")
}

/// `  * words`, folded.
fn point(change: &str) -> String {
    let (mut text, mut column) = (String::from("  *"), 3);
    for word in change.split_whitespace() {
        let length = word.chars().count() + 1;
        if column + length > COLUMNS {
            text.push_str("\n   ");
            column = 3;
        }
        text.push(' ');
        text.push_str(word);
        column += length;
    }
    text.push('\n');
    text
}

/// A day or `@seconds`, as mails have it.
fn date(time: &str) -> Result<String> {
    let mut command = Command::new("date");
    command.args(["--utc", "--rfc-email", "--date", time]);
    let date =
        process::output(command.env("LC_ALL", "C")).with_context(|| format!("{time} is no day"))?;
    Ok(date.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_folded_and_belong_to_their_section() {
        let text = "# Changelog\n\n## Unreleased\n\nWords.\n\n- One\n  and more.\n- Two.\n\n## 0.1.0 (2026-11-21)\n\n- Old.\n";
        let sections = sections(text);
        assert_eq!(sections.len(), 2);
        assert_eq!(sections[0].changes, ["One and more.", "Two."]);
        assert_eq!(sections[1].heading, "0.1.0 (2026-11-21)");
        let folded = point(&"word ".repeat(40));
        assert!(folded.lines().all(|line| line.len() <= COLUMNS), "{folded}");
        assert!(folded.starts_with("  * word word"), "{folded}");
        assert!(
            folded.lines().nth(1).unwrap().starts_with("    word"),
            "{folded}"
        );
    }

    #[test]
    fn times_are_written_as_mails_have_them() {
        assert_eq!(date("@0").unwrap(), "Thu, 01 Jan 1970 00:00:00 +0000");
        assert_eq!(
            date("2026-11-21").unwrap(),
            "Sat, 21 Nov 2026 00:00:00 +0000"
        );
    }
}
