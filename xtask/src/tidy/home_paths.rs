use super::{
    finding::Finding,
    repo::{Repo, lines},
};

/// Written in halves, or this file would break its own rule. `pi` and `user` are names that documents use.
const HOMES: [(&str, &str); 3] = [("/ho", "me/"), ("/ro", "ot/"), ("/Us", "ers/")];
const NOBODY: [&str; 4] = ["pi/", "user/", "you/", "weir/"];

/// No file holds a path of the machine that it was written on.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &repo.files {
        let Some(text) = file.text() else { continue };
        for (number, line) in lines(text) {
            if let Some(path) = machine_path(line, &repo.root) {
                findings.push(Finding::at(
                    file,
                    number,
                    format!("the path {path}… of one machine"),
                    "make it relative to the repository, or take it from the configuration",
                ));
            }
        }
    }
    findings
}

fn machine_path(line: &str, root: &str) -> Option<String> {
    // A root of one segment (a container's `/src`) could be the start of an innocent path.
    let checkout = (root.matches('/').count() > 1).then(|| root.to_owned());
    let homes = HOMES.map(|(first, second)| format!("{first}{second}"));
    checkout.into_iter().chain(homes).find(|path| {
        line.match_indices(path.as_str()).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + path.len()..]);
            let starts = !before
                .ends_with(|letter: char| letter.is_alphanumeric() || "._-}".contains(letter));
            starts && !NOBODY.iter().any(|name| after.starts_with(name))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> usize {
        let mut repo = Repo::of_files(&[("a.md", line)]);
        repo.root = "/builds/somebody/weir".to_owned();
        check(&repo).len()
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        assert_eq!(found(concat!("see /ho", "me/jane/weir/x")), 1);
        assert_eq!(found(concat!("\"/ro", "ot/.cargo\"")), 1);
        assert_eq!(found("at /builds/somebody/weir/gateway"), 1);
    }

    #[test]
    fn paths_that_every_machine_has_are_fine() {
        assert_eq!(found("/etc/weir/weir.toml and /var/lib/weir"), 0);
        assert_eq!(found(concat!("scp x pi@pump:/ho", "me/pi/")), 0);
        assert_eq!(
            found(concat!("https://example.org/ho", "me/x is a page")),
            0
        );
    }
}
