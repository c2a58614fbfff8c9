use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where compilers keep what they share, beside Debian's `/usr/lib/llvm-<version>/lib`.
const FOLDERS: [&str; 3] = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];

/// Whether libclang is installed, of any version, with the headers of its compiler: bindings are read with both.
pub(super) fn is_here() -> bool {
    let named = FOLDERS.iter().map(PathBuf::from);
    let versioned = entries(Path::new("/usr/lib")).filter(|path| path.join("lib").is_dir());
    let folders: Vec<PathBuf> = named
        .chain(versioned.map(|path| path.join("lib")))
        .collect();
    folders.iter().any(|folder| has_library(folder))
        && folders.iter().any(|folder| has_headers(folder))
}

fn has_library(folder: &Path) -> bool {
    entries(folder).any(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.strip_prefix("libclang").is_some_and(is_version)
    })
}

fn has_headers(folder: &Path) -> bool {
    entries(&folder.join("clang")).any(|version| version.join("include/stddef.h").is_file())
}

/// `.so`, `.so.1`, `-14.so.1`; not `-cpp.so`.
fn is_version(rest: &str) -> bool {
    let numbered = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    rest.starts_with(".so")
        || (rest.strip_prefix('-').is_some_and(numbered) && rest.contains(".so"))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_found_by_its_name_alone() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| fs::write(folder.path().join(name), "").unwrap();
        put("libclang-cpp.so.14");
        put("libclangBasic.a");
        assert!(!has_library(folder.path()));
        put("libclang-14.so.1");
        assert!(has_library(folder.path()));
    }

    #[test]
    fn headers_are_those_of_a_version() {
        let folder = tempfile::tempdir().unwrap();
        let include = folder.path().join("clang/14/include");
        fs::create_dir_all(&include).unwrap();
        assert!(!has_headers(folder.path()));
        fs::write(include.join("stddef.h"), "").unwrap();
        assert!(has_headers(folder.path()));
    }
}
