use crate::dist::Arch;

/// What a scenario begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// A root without the package, where everything that it needs is fetched.
    Ready,
    /// A root where the package was installed: what [`Scenario::keeps`] left.
    Installed,
}

/// How a scenario's script is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Alone, by chroot.
    Chroot,
    /// By systemd, which boots the root. Under qemu it does not.
    Boot,
}

/// A script of `packaging/test` that runs in a root of its own.
#[derive(Debug)]
pub(super) struct Scenario {
    /// The script's name without `.sh`.
    pub(super) name: &'static str,
    pub(super) from: From,
    pub(super) how: How,
    /// Its root is what the scenarios from [`From::Installed`] begin with.
    pub(super) keeps: bool,
}

impl Scenario {
    const fn new(name: &'static str, from: From) -> Self {
        Self {
            name,
            from,
            how: How::Chroot,
            keeps: false,
        }
    }

    pub(super) fn is_for(&self, arch: Arch) -> bool {
        match self.how {
            How::Chroot => true,
            How::Boot => arch.cross().is_native(),
        }
    }
}

/// In the order in which they run.
pub(super) const SCENARIOS: [Scenario; 12] = [
    Scenario {
        keeps: true,
        ..Scenario::new("install", From::Ready)
    },
    Scenario::new("unit", From::Installed),
    Scenario::new("service", From::Installed),
    Scenario::new("check", From::Installed),
    Scenario::new("demo", From::Installed),
    Scenario::new("golden", From::Installed),
    Scenario::new("armv6", From::Ready),
    Scenario::new("upgrade", From::Ready),
    Scenario::new("repository", From::Ready),
    Scenario::new("first-boot", From::Ready),
    Scenario::new("leave", From::Ready),
    Scenario {
        how: How::Boot,
        ..Scenario::new("systemd", From::Ready)
    },
];

/// For the command line.
pub(super) fn names() -> Vec<&'static str> {
    SCENARIOS.iter().map(|scenario| scenario.name).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_scenario_is_a_script_that_checks_something() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for scenario in &SCENARIOS {
            let file = root.join("packaging/test").join(scenario.name);
            let text = fs::read_to_string(file.with_extension("sh")).unwrap();
            assert!(
                text.contains("fail ") || text.contains("service "),
                "{}",
                scenario.name
            );
            assert!(text.contains("step \""), "{}", scenario.name);
        }
    }

    #[test]
    fn one_scenario_makes_the_root_of_the_others_and_runs_first() {
        let keeping: Vec<_> = SCENARIOS.iter().filter(|scenario| scenario.keeps).collect();
        assert_eq!(keeping.len(), 1);
        assert_eq!(SCENARIOS[0].name, keeping[0].name);
        assert_eq!(keeping[0].from, From::Ready);
    }
}
