use toml::Table;

use super::{finding::Finding, repo::Repo};

const WORKSPACES: [&str; 3] = [
    "Cargo.toml",
    "guests/Cargo.toml",
    "guests/firmware/Cargo.toml",
];

/// Every package takes the lints of its workspace, and all workspaces have the same.
pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in repo.members() {
        let inherits = manifest(repo, &package.manifest_path).is_some_and(|manifest| {
            let lints = manifest.get("lints");
            lints.and_then(|lints| lints.get("workspace")?.as_bool()) == Some(true)
        });
        if !inherits {
            findings.push(Finding::of(
                &package.manifest_path,
                "the lints of the workspace do not apply",
                "add `[lints]` with `workspace = true`",
            ));
        }
    }
    let lints = |path| {
        let manifest = manifest(repo, path)?;
        manifest.get("workspace")?.get("lints").cloned()
    };
    let [root, others @ ..] = WORKSPACES;
    for other in others
        .into_iter()
        .filter(|other| lints(*other) != lints(root))
    {
        findings.push(Finding::of(
            other,
            "its lints are not those of the root",
            "make [workspace.lints] the same in all",
        ));
    }
    findings
}

fn manifest(repo: &Repo, path: &str) -> Option<Table> {
    toml::from_str(repo.file(path)?.text()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: &str = "[workspace.lints.clippy]\ntodo = \"warn\"\n";
    const MEMBER: &str = "[lints]\nworkspace = true\n";

    fn found(member: &str, guests: &str) -> usize {
        let files = [
            ("Cargo.toml", WORKSPACE),
            ("guests/Cargo.toml", guests),
            ("guests/firmware/Cargo.toml", WORKSPACE),
            ("gateway/a/Cargo.toml", member),
        ];
        let repo = Repo::of_files(&files).with_member("gateway/a", "weir-a", &[]);
        check(&repo).len()
    }

    #[test]
    fn a_package_without_the_lints_and_a_workspace_with_others_are_found() {
        assert_eq!(found(MEMBER, WORKSPACE), 0);
        assert_eq!(found("[package]\n", WORKSPACE), 1);
        assert_eq!(found(MEMBER, "[workspace]\n"), 1);
    }
}
