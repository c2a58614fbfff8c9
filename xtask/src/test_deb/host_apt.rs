//! How this machine reaches Debian: its mirror and its proxy are taken from its own apt, so that roots use them too.

use std::{env, process::Command};

use crate::process;

/// Where this machine's apt says nothing.
const MIRROR: &str = "http://deb.debian.org/debian";

/// What of apt's settings is about reaching a mirror, and what a mirror with old files or a wrong clock needs.
const OF_A_MIRROR: [&str; 6] = [
    "Acquire::http::",
    "Acquire::https::",
    "Acquire::Check-Date ",
    "Acquire::Check-Valid-Until ",
    "Acquire::ForceIPv",
    "Acquire::Retries ",
];

/// The mirror of Debian that this machine uses.
pub(super) fn mirror() -> String {
    const FORMAT: &str = "$(LABEL) $(CREATED_BY) $(REPO_URI)";
    let targets = Command::new("apt-get")
        .args(["indextargets", "--format", FORMAT])
        .output();
    let text = targets.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    mirror_in(&text.unwrap_or_default()).unwrap_or_else(|| MIRROR.to_owned())
}

fn mirror_in(targets: &str) -> Option<String> {
    let mut mirrors = targets
        .lines()
        .filter_map(|line| line.strip_prefix("Debian Packages "));
    mirrors
        .next()
        .map(|uri| uri.trim_end_matches('/').to_owned())
}

/// Settings of apt for a root, as a file of `apt.conf.d`.
pub(super) fn options() -> String {
    let settings = process::output(Command::new("apt-config").args(["dump", "Acquire"]));
    let proxies = ["http", "https"].map(|scheme| {
        let value = env::var(format!("{scheme}_proxy")).unwrap_or_default();
        (scheme, value)
    });
    options_of(&settings.unwrap_or_default(), &proxies)
}

fn options_of(settings: &str, proxies: &[(&str, String)]) -> String {
    let mut lines = vec!["Acquire::Languages \"none\";".to_owned()];
    for (scheme, proxy) in proxies {
        if !proxy.is_empty() {
            lines.push(format!("Acquire::{scheme}::Proxy \"{proxy}\";"));
        }
    }
    let kept = settings
        .lines()
        .filter(|line| OF_A_MIRROR.iter().any(|prefix| line.starts_with(prefix)));
    lines.extend(kept.map(str::to_owned));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_the_archive_and_not_its_security_suite() {
        let targets = "Debian-Security Packages http://a/debian-security/\n\
                       Debian DEP-11 http://b/debian/\n\
                       Debian Packages http://c/debian/\n";
        assert_eq!(mirror_in(targets).unwrap(), "http://c/debian");
        assert_eq!(mirror_in("Ubuntu Packages http://d/ubuntu/\n"), None);
    }

    #[test]
    fn roots_get_what_is_about_mirrors_and_nothing_else() {
        let settings = "Acquire \"\";\nAcquire::Check-Date \"false\";\nAcquire::http::Proxy \"http://p\";\n\
                        Acquire::IndexTargets::deb::DEP-11 \"\";\nAcquire::Languages:: \"de\";\n";
        assert_eq!(
            options_of(
                settings,
                &[("http", String::new()), ("https", "http://q".into())]
            ),
            "Acquire::Languages \"none\";\nAcquire::https::Proxy \"http://q\";\n\
             Acquire::Check-Date \"false\";\nAcquire::http::Proxy \"http://p\";\n"
        );
    }
}
