use super::{
    finding::Finding,
    repo::{Repo, lines},
};

/// The words that only ever mean one of ours, and ours. Ambiguous ones (module, runtime, plugin) are not here.
const WORDS: [(&str, &str); 18] = [
    ("dead letter", "reject"),
    ("dead-letter", "reject"),
    ("dead_letter", "reject"),
    ("deadletter", "reject"),
    ("edge node", "node"),
    ("gateway id", "node name"),
    ("gateway node", "node"),
    ("gateway_id", "node name"),
    ("guest module", "guest"),
    ("hardware profile", "device profile"),
    ("inference module", "guest"),
    ("platform profile", "device profile"),
    ("sensor id", "device"),
    ("sensor_id", "device"),
    ("sensorid", "device"),
    ("target profile", "device profile"),
    ("tensor backend", "nn backend"),
    ("wasm plugin", "guest"),
];

const EXTENSIONS: [&str; 12] = [
    "html", "js", "json", "md", "py", "rs", "service", "sh", "toml", "txt", "yaml", "yml",
];

/// A decision may speak of what was not chosen, and the list below holds every wrong word.
const EXEMPT: [&str; 2] = ["gateway/decisions/", "xtask/src/tidy/words.rs"];

/// One thing has one name, in code, topics and documents.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    let texts = repo
        .texts(&EXTENSIONS)
        .filter(|(file, _)| !EXEMPT.iter().any(|path| file.path.starts_with(path)));
    for (file, text) in texts {
        for (number, line) in lines(text) {
            let line = line.to_lowercase();
            for (wrong, right) in WORDS.iter().filter(|(wrong, _)| line.contains(wrong)) {
                findings.push(Finding::at(
                    file,
                    number,
                    format!("the words \"{wrong}\""),
                    &format!("say \"{right}\" (ARCHITECTURE.md, Words)"),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_word_is_found() {
        for (wrong, _) in WORDS {
            let line = format!("The {} of it.", wrong.to_uppercase());
            assert_eq!(
                check(&Repo::of_files(&[("a.md", &line)])).len(),
                1,
                "{wrong}"
            );
        }
    }

    #[test]
    fn our_words_are_fine() {
        let line = "A reject of the device profile's guest on this node.";
        assert!(check(&Repo::of_files(&[("a.md", line)])).is_empty());
    }
}
