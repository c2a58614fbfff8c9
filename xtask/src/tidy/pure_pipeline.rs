use super::{
    finding::Finding,
    repo::{Repo, lines},
};

const FOLDER: &str = "gateway/pipeline";

const CRATES: [&str; 7] = [
    "crossbeam-channel",
    "mio",
    "procfs",
    "rustix",
    "socket2",
    "tokio",
    "tracing-subscriber",
];

/// What reads a clock, spawns, or meets the world.
const CALLS: [&str; 12] = [
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "fastrand::",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "thread::sleep",
    "thread::spawn",
    "tokio::",
];

/// The pipeline does no I/O, reads no clock and spawns nothing: time and randomness are parameters. Its tests may.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let advice = "do it in gateway/pool, gateway/mqtt or gateway/weir and hand over the value";
    let mut findings = Vec::new();
    for package in repo.members().filter(|package| package.folder() == FOLDER) {
        for dependency in &package.dependencies {
            let normal = dependency.kind.is_none();
            if normal && CRATES.contains(&dependency.name.as_str()) {
                let what = format!("the pipeline names {}", dependency.name);
                findings.push(Finding::of(&package.manifest_path, what, advice));
            }
        }
    }
    let sources = repo.texts(&["rs"]).filter(|(file, _)| {
        file.path.starts_with("gateway/pipeline/src/") && !file.path.contains("/tests")
    });
    for (file, text) in sources {
        let code = lines(text).take_while(|(_, line)| line.trim() != "#[cfg(test)]");
        for (number, line) in code.filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for call in CALLS.iter().filter(|call| line.contains(*call)) {
                findings.push(Finding::at(
                    file,
                    number,
                    format!("{call} in the pipeline"),
                    advice,
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str, dependency: &str) -> usize {
        let repo = Repo::of_files(&[("gateway/pipeline/src/window.rs", line)]);
        check(&repo.with_member(FOLDER, "weir-pipeline", &[dependency])).len()
    }

    #[test]
    fn clocks_threads_and_sockets_are_found() {
        assert_eq!(found("let now = Instant::now();", "serde"), 1);
        assert_eq!(found("std::thread::spawn(run);", "serde"), 1);
        assert_eq!(found("", "tokio"), 1);
    }

    #[test]
    fn time_as_a_parameter_is_fine() {
        assert_eq!(found("fn push(&mut self, now: Timestamp) {}", "jiff"), 0);
        assert_eq!(found("/// Never calls Instant::now.", "jiff"), 0);
    }

    #[test]
    fn tests_may_do_what_they_like() {
        assert_eq!(
            found("#[cfg(test)]\nmod tests {\n    use std::fs;", "jiff"),
            0
        );
        let repo = Repo::of_files(&[("gateway/pipeline/src/topics/tests.rs", "std::env::var")]);
        assert!(check(&repo).is_empty());
    }
}
