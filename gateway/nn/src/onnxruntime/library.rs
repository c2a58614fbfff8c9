use std::{
    cmp::Reverse,
    collections::BTreeSet,
    env, fs, io,
    path::{Path, PathBuf},
};

/// Names a library that lies elsewhere.
const VARIABLE: &str = "ORT_DYLIB_PATH";
/// What the file of a library begins with.
const FILE: &str = "libonnxruntime.so";
/// The folders in which installers and packages put libraries, beside the one of this architecture.
const FOLDERS: [&str; 5] = [
    "/usr/local/lib",
    "/opt/onnxruntime/lib",
    "/usr/lib64",
    "/usr/lib",
    "/lib",
];
/// The greatest number of files of one folder that are looked at.
const FILES_MAX: usize = 65_536;

/// A library that can be used.
pub(super) struct Library {
    pub(super) path: PathBuf,
    /// It is version 1.minor.
    pub(super) minor: u32,
}

/// Why there is no ONNX Runtime.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Absent {
    /// No library was found.
    #[error(
        "{FILE} is in none of {searched}; install ONNX Runtime 1.{} or newer (its release archive, or the file of the Python package onnxruntime), or name its file in {VARIABLE}",
        ort::MINOR_VERSION
    )]
    NotFound {
        /// The folders.
        searched: String,
    },
    /// What the variable names is no library.
    #[error("{VARIABLE} names {}, which is no library of ONNX Runtime that opens here", library.display())]
    NoLibrary {
        /// The file.
        library: PathBuf,
    },
    /// Too old.
    #[error(
        "{} is ONNX Runtime 1.{minor}; install 1.{} or newer, or name another file in {VARIABLE}",
        library.display(),
        ort::MINOR_VERSION
    )]
    Old {
        /// The file.
        library: PathBuf,
        /// Its version.
        minor: u32,
    },
    /// It does not start.
    #[error("{} does not start: {words}", library.display())]
    Fails {
        /// The file.
        library: PathBuf,
        /// Its own words.
        words: String,
    },
}

/// The library that the variable names, else the newest in the usual folders.
pub(super) fn find() -> Result<Library, Absent> {
    match env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        Some(named) => probe(&absolute(named.into()))?,
        None => newest(&folders())?,
    }
    .usable()
}

/// A file that opens, and its version.
struct Opened {
    path: PathBuf,
    minor: u32,
}

impl Opened {
    fn usable(self) -> Result<Library, Absent> {
        let Self { path, minor } = self;
        if minor < ort::MINOR_VERSION {
            return Err(Absent::Old {
                library: path,
                minor,
            });
        }
        Ok(Library { path, minor })
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

fn probe(path: &Path) -> Result<Opened, Absent> {
    let minor = path.is_file().then(|| ort::util::probe(path)).flatten();
    let library = path.to_path_buf();
    match minor {
        Some(minor) => Ok(Opened {
            path: library,
            minor,
        }),
        None => Err(Absent::NoLibrary { library }),
    }
}

fn newest(folders: &[PathBuf]) -> Result<Opened, Absent> {
    let files = folders.iter().filter_map(|folder| files(folder).ok());
    // A library has several names, all but one of them links.
    let files: BTreeSet<PathBuf> = files.flatten().collect();
    let opened = files.iter().filter_map(|path| probe(path).ok());
    opened
        .min_by_key(|opened| Reverse(opened.minor))
        .ok_or_else(|| {
            let searched: Vec<String> = folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect();
            Absent::NotFound {
                searched: searched.join(", "),
            }
        })
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.take(FILES_MAX).flatten();
    let named = entries.filter(|entry| {
        let name = entry.file_name();
        let version = name.to_str().and_then(|name| name.strip_prefix(FILE));
        version.is_some_and(|rest| rest.chars().all(|c| c == '.' || c.is_ascii_digit()))
    });
    let paths = named.map(|entry| entry.path());
    Ok(paths
        .map(|path| path.canonicalize().unwrap_or(path))
        .collect())
}

fn folders() -> Vec<PathBuf> {
    let triple = match env::consts::ARCH {
        "arm" => "arm-linux-gnueabihf".to_owned(),
        architecture => format!("{architecture}-linux-gnu"),
    };
    let own = [
        PathBuf::from("/usr/local/lib").join(&triple),
        PathBuf::from("/usr/lib").join(triple),
    ];
    own.into_iter()
        .chain(FOLDERS.into_iter().map(PathBuf::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_library_is_not_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "libonnxruntime.so.1.99.0",
            "libonnxruntime_providers.so",
            "other.so",
        ] {
            fs::write(folder.path().join(name), "no library").unwrap();
        }
        let listed = files(folder.path()).unwrap();
        let canonical = folder.path().canonicalize().unwrap();
        assert_eq!(listed, [canonical.join("libonnxruntime.so.1.99.0")]);
        let found = newest(&[folder.path().to_path_buf()]).err().unwrap();
        assert!(matches!(&found, Absent::NotFound { .. }), "{found}");
        let words = found.to_string();
        assert!(
            words.contains("install ONNX Runtime") && words.contains(VARIABLE),
            "{words}"
        );
        let named = probe(&folder.path().join("nothing")).err().unwrap();
        assert!(matches!(named, Absent::NoLibrary { .. }));
    }

    #[test]
    fn an_old_library_is_refused_with_both_versions() {
        let opened = Opened {
            path: "/lib/libonnxruntime.so.1.2.0".into(),
            minor: 2,
        };
        let words = opened.usable().err().unwrap().to_string();
        assert!(words.contains("1.2") && words.contains("1.17"), "{words}");
    }
}
