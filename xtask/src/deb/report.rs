use std::{fs, path::Path};

use anyhow::Result;

use super::stage::Stage;
use crate::dist::Arch;

/// A part of the package, and where it lies.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) place: &'static str,
}

/// What the package takes, in the network and on the card.
pub(super) struct Report {
    arch: Arch,
    rows: Vec<(&'static str, u64)>,
    installed_bytes: u64,
}

/// What the project wants of a package, in bytes.
struct Goals {
    package_bytes_max: Option<u64>,
    installed_bytes_max: Option<u64>,
}

/// A million bytes, as cards and lines are sold.
const MB: u64 = 1_000_000;

fn goals(arch: Arch) -> Goals {
    let (package, installed) = match arch {
        Arch::Amd64 => (None, None),
        Arch::Arm64 => (Some(15), Some(40)),
        Arch::Armhf => (None, Some(25)),
    };
    Goals {
        package_bytes_max: package.map(|mb: u64| mb * MB),
        installed_bytes_max: installed.map(|mb: u64| mb * MB),
    }
}

impl Report {
    pub(super) fn of(arch: Arch, parts: &[Part], stage: &Stage) -> Result<Self> {
        let files = stage.files("")?;
        let files: Vec<_> = files
            .into_iter()
            .filter(|(path, _)| !path.starts_with("DEBIAN/"))
            .collect();
        let sum = |place: &str| {
            let within = files.iter().filter(|(path, _)| path.starts_with(place));
            within.map(|(_, bytes)| bytes).sum::<u64>()
        };
        let mut rows: Vec<_> = parts
            .iter()
            .map(|part| (part.name, sum(part.place)))
            .collect();
        let named: u64 = rows.iter().map(|(_, bytes)| bytes).sum();
        let installed_bytes = sum("");
        rows.push(("everything else", installed_bytes.saturating_sub(named)));
        Ok(Self {
            arch,
            rows,
            installed_bytes,
        })
    }

    /// The parts, the sums, and the goals beside them.
    #[expect(clippy::print_stdout, reason = "the sizes are the product")]
    pub(super) fn print(&self, file: &Path) -> Result<()> {
        let arch = self.arch.name();
        let package_bytes = fs::metadata(file)?.len();
        let goals = goals(self.arch);
        println!("{arch}: MB");
        for (name, bytes) in &self.rows {
            println!("  {name:<20} {:>6}", mb(*bytes));
        }
        let sums = [
            ("installed", self.installed_bytes, goals.installed_bytes_max),
            ("package", package_bytes, goals.package_bytes_max),
        ];
        for (name, bytes, bytes_max) in sums {
            let goal = bytes_max.map_or(String::new(), |max| {
                let verdict = if bytes > max { "MISSED" } else { "reached" };
                format!("   at most {} are wanted: {verdict}", mb(max))
            });
            println!("  {name:<20} {:>6}{goal}", mb(bytes));
        }
        Ok(())
    }
}

/// With one digit after the point.
fn mb(bytes: u64) -> String {
    let tenths = (bytes + MB / 20) / (MB / 10);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_a_tenth() {
        assert_eq!(mb(14_949_999), "14.9");
        assert_eq!(mb(14_950_000), "15.0");
        assert_eq!(mb(49_999), "0.0");
    }

    #[test]
    fn every_byte_is_in_one_row() {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::empty(&folder.path().join("root"), 0).unwrap();
        for (path, bytes) in [
            ("usr/bin/weir", 7),
            ("usr/share/x", 5),
            ("DEBIAN/control", 3),
        ] {
            stage.write(path, &vec![0; bytes]).unwrap();
        }
        let parts = [Part {
            name: "weir",
            place: "usr/bin",
        }];
        let report = Report::of(Arch::Armhf, &parts, &stage).unwrap();
        assert_eq!(report.rows, [("weir", 7), ("everything else", 5)]);
        assert_eq!(report.installed_bytes, 12);
    }
}
