use std::{collections::BTreeMap, path::Path, process::Command};

use anyhow::{Context, Result, bail, ensure};

use crate::process;

/// The libraries that a program of ours may need, and the package that brings each.
const LIBRARIES: [(&str, &str); 6] = [
    ("ld-linux-aarch64.so.1", "libc6"),
    ("ld-linux-armhf.so.3", "libc6"),
    ("ld-linux-x86-64.so.2", "libc6"),
    ("libc.so.6", "libc6"),
    ("libgcc_s.so.1", "libgcc-s1"),
    ("libm.so.6", "libc6"),
];

/// What a package depends on for its programs: the packages of their libraries, in the oldest version that has every
/// symbol which the programs name.
pub(super) fn depends(programs: &[&Path]) -> Result<String> {
    let mut needed = BTreeMap::new();
    for program in programs {
        let text = process::output(
            Command::new("readelf")
                .args(["--wide", "--dynamic", "--version-info"])
                .arg(program)
                .env("LC_ALL", "C"),
        )?;
        read(&text, &mut needed)
            .with_context(|| format!("what {} needs is unclear", program.display()))?;
    }
    ensure!(
        needed.contains_key("libc6"),
        "the programs need no libc6: they cannot be ours"
    );
    let words = needed.into_iter().map(|(package, version)| match version {
        Some((major, minor)) => format!("{package} (>= {major}.{minor})"),
        None => package.to_owned(),
    });
    Ok(words.collect::<Vec<_>>().join(", "))
}

type Needed = BTreeMap<&'static str, Option<(u32, u32)>>;

/// Reads what readelf prints: `(NEEDED) Shared library: [x]`, and `Name: GLIBC_2.34` below `File: x`.
fn read(text: &str, needed: &mut Needed) -> Result<()> {
    let mut package = None;
    for line in text.lines() {
        if let Some((_, rest)) = line.split_once("(NEEDED)") {
            let library = rest.split(['[', ']']).nth(1).unwrap_or_default();
            needed.entry(package_of(library)?).or_default();
        } else if let Some(library) = word_after(line, "File: ") {
            package = Some(package_of(library)?);
        } else if let (Some(symbols), Some(package)) = (word_after(line, "Name: "), package)
            && let Some(version) = version_of(symbols)
        {
            let known = needed.entry(package).or_default();
            *known = (*known).max(Some(version));
        }
    }
    Ok(())
}

fn package_of(library: &str) -> Result<&'static str> {
    let found = LIBRARIES.iter().find(|(name, _)| *name == library);
    match found {
        Some((_, package)) => Ok(package),
        None => bail!("{library} is of no package that is known here (xtask/src/deb/elf.rs)"),
    }
}

fn word_after<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.split_once(mark)?.1.split_whitespace().next()
}

/// The first version of the library that has a set of symbols.
fn version_of(symbols: &str) -> Option<(u32, u32)> {
    if symbols == "GLIBC_ABI_DT_RELR" {
        return Some((2, 36));
    }
    let number = symbols
        .strip_prefix("GLIBC_")
        .or_else(|| symbols.strip_prefix("GCC_"))?;
    let mut parts = number.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_symbols_decide() {
        let text = "\
 0x0000000000000001 (NEEDED)             Shared library: [libgcc_s.so.1]
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
  000000: Version: 1  File: libgcc_s.so.1  Cnt: 2
  0x0010:   Name: GCC_3.0  Flags: none  Version: 6
  0x0020:   Name: GCC_4.2.0  Flags: none  Version: 5
  0x0030: Version: 1  File: libc.so.6  Cnt: 3
  0x0040:   Name: GLIBC_2.9  Flags: none  Version: 4
  0x0050:   Name: GLIBC_2.34  Flags: none  Version: 3
  0x0060:   Name: GLIBC_2.17  Flags: none  Version: 2
";
        let mut needed = Needed::new();
        read(text, &mut needed).unwrap();
        assert_eq!(
            needed,
            Needed::from([("libc6", Some((2, 34))), ("libgcc-s1", Some((4, 2)))])
        );
        assert_eq!(version_of("GLIBC_ABI_DT_RELR"), Some((2, 36)));
        assert_eq!(version_of("GLIBC_PRIVATE"), None);
    }

    #[test]
    fn a_library_of_no_known_package_is_named() {
        let text = " 0x0001 (NEEDED)  Shared library: [libssl.so.3]\n";
        let words = read(text, &mut Needed::new()).unwrap_err().to_string();
        assert!(words.starts_with("libssl.so.3"), "{words}");
    }
}
