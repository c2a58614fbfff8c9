use super::{
    finding::Finding,
    repo::{Repo, lines},
};

/// Every number in a shipped device profile says where it comes from: behind it, or in the comment above it and the
/// lines that follow it without a gap.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    let profiles = repo
        .texts(&["toml"])
        .filter(|(file, _)| file.path.starts_with("device-profiles/"));
    for (file, text) in profiles {
        let mut commented = false;
        for (number, line) in lines(text) {
            let line = line.trim();
            if !commented && !line.contains('#') && states_a_number(line) {
                findings.push(Finding::at(
                    file,
                    number,
                    format!("`{line}` without its source"),
                    "say in a comment where the number comes from: a datasheet, a measurement, a choice",
                ));
            }
            commented = line.starts_with('#') || commented && line.contains('=');
        }
    }
    findings
}

fn states_a_number(line: &str) -> bool {
    let value = line.split_once('=').map(|(_, value)| value.trim());
    value.is_some_and(|value| value.starts_with(|letter: char| letter.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_source_is_found() {
        let profile = "\
name = \"pi-4\"
# Measured: the largest guest that ships needs 61 MiB.
memory_kib_max = 65536

call_deadline_ms_max = 100 # a tenth of the slowest sensor's period
queue_messages_max = 64
";
        let repo = Repo::of_files(&[("device-profiles/pi-4.toml", profile)]);
        let findings = check(&repo);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].to_string().contains("pi-4.toml:6:"));
    }
}
