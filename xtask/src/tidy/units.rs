use super::{
    finding::Finding,
    repo::{Repo, lines},
};

const NUMBERS: [&str; 10] = [
    "f32",
    "f64",
    "i32",
    "i64",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "NonZeroU32",
];

/// Words for a time; as the last word of a number's name the unit is missing.
const TIMES: [&str; 13] = [
    "age", "backoff", "deadline", "delay", "duration", "elapsed", "expiry", "interval", "latency",
    "period", "timeout", "ttl", "uptime",
];

/// Its samples are wrong on purpose.
const EXEMPT: &str = "xtask/src/tidy/units.rs";

/// A number that is a time has its unit last: `timeout_ms: u64`, or is a `Duration`.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in repo.texts(&["rs"]).filter(|(file, _)| file.path != EXEMPT) {
        for (number, line) in lines(text) {
            for name in unitless(line) {
                findings.push(Finding::at(
                    file,
                    number,
                    format!("{name} is a number without a unit"),
                    "make it a Duration, or put its unit last: …_ms, …_s, …_ms_max",
                ));
            }
        }
    }
    findings
}

/// The names before each `: u64` and its like.
fn unitless(line: &str) -> Vec<&str> {
    if line.trim_start().starts_with("//") {
        return Vec::new();
    }
    line.match_indices(": ")
        .filter_map(|(at, colon)| {
            let after = &line[at + colon.len()..];
            let kind = after.strip_prefix("Option<").unwrap_or(after);
            let kind = kind
                .split(|letter: char| !letter.is_alphanumeric())
                .next()?;
            let name = line[..at]
                .rsplit(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                .next()?;
            let last = name.rsplit('_').next()?.to_lowercase();
            let time = name.strip_suffix("_max").unwrap_or(name);
            let last_before_max = time.rsplit('_').next()?.to_lowercase();
            let is_time = [last, last_before_max]
                .iter()
                .any(|word| TIMES.contains(&word.as_str()));
            (NUMBERS.contains(&kind) && is_time).then_some(name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_unit_is_found() {
        let repo = Repo::of_files(&[("a.rs", "pub timeout: u64,"), (EXEMPT, "pub timeout: u64,")]);
        assert_eq!(check(&repo).len(), 1);
        assert_eq!(unitless("    pub timeout: u64,"), ["timeout"]);
        assert_eq!(
            unitless("fn wait(call_deadline_max: Option<u32>) {"),
            ["call_deadline_max"]
        );
        assert_eq!(unitless("const RETRY_DELAY: u64 = 3;"), ["RETRY_DELAY"]);
    }

    #[test]
    fn a_unit_or_a_type_that_has_one_is_fine() {
        assert!(unitless("    pub timeout_ms: u64,").is_empty());
        assert!(unitless("    pub timeout: Duration,").is_empty());
        assert!(unitless("    pub messages_max: usize,").is_empty());
        assert!(unitless("    // timeout: u64 would be wrong").is_empty());
    }
}
