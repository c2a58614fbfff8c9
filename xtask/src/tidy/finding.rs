use std::fmt;

use super::repo::File;

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    file: String,
    /// From 1; none = the file as a whole.
    line: Option<usize>,
    /// What is there.
    what: String,
    /// What to do.
    advice: String,
}

impl Finding {
    pub(super) fn at(file: &File, line: usize, what: impl Into<String>, advice: &str) -> Self {
        Self {
            line: Some(line),
            ..Self::of(&file.path, what, advice)
        }
    }

    pub(super) fn of(path: &str, what: impl Into<String>, advice: &str) -> Self {
        Self {
            file: path.to_owned(),
            line: None,
            what: what.into(),
            advice: advice.to_owned(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}: {}", self.what, self.advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_what_and_what_to_do() {
        let file = File::new("a/b.rs", "x");
        assert_eq!(
            Finding::at(&file, 3, "a thing", "remove it").to_string(),
            "a/b.rs:3: a thing: remove it"
        );
        assert_eq!(
            Finding::of("a/b.rs", "a thing", "remove it").to_string(),
            "a/b.rs: a thing: remove it"
        );
    }
}
