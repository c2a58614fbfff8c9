//! The drop-in, and what the other files of Mosquitto say already.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

const TEMPLATE: &str = include_str!("weir.conf");

/// What decides who may connect: with Mosquitto it counts for every listener.
const ACCESS: [&str; 11] = [
    "listener",
    "port",
    "bind_address",
    "per_listener_settings",
    "allow_anonymous",
    "password_file",
    "acl_file",
    "psk_file",
    "plugin",
    "auth_plugin",
    "use_username_as_clientid",
];

/// Options that files of others state, and where.
pub(super) type Others = BTreeMap<String, PathBuf>;

/// Reads Mosquitto's other files; stops where one of them decides who may connect.
pub(super) fn others(folder: &Path) -> Result<Others> {
    let main = folder.join("mosquitto.conf");
    let drop_ins = folder.join("conf.d");
    let mut options = Others::new();
    let mut includes = false;
    for file in std::iter::once(main.clone()).chain(further(&drop_ins)?) {
        let text = fs::read_to_string(&file);
        let text = text.with_context(|| format!("failed to read {}", file.display()))?;
        for (line, option, value) in (1..).zip(text.lines()).filter_map(stated) {
            if ACCESS.contains(&option) {
                bail!(
                    "{}:{line}: {option}: Mosquitto is set up for others already, and that counts for all of it. \
                     Take the line out and run this again, or add a user for Weir there and choose it by its \
                     address: --broker mqtt://localhost --username NAME",
                    file.display()
                );
            }
            includes |= option == "include_dir" && Path::new(value) == drop_ins;
            options.insert(option.to_owned(), file.clone());
        }
    }
    if !includes {
        bail!(
            "{} does not read {}: add the line `include_dir {}` and run this again",
            main.display(),
            drop_ins.display(),
            drop_ins.display()
        );
    }
    Ok(options)
}

/// The drop-ins of others.
fn further(folder: &Path) -> Result<Vec<PathBuf>> {
    let words = || format!("failed to read {}", folder.display());
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(words),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(words)?.path();
        let is_read = path
            .extension()
            .is_some_and(|extension| extension == "conf");
        if is_read && path.file_name().is_some_and(|name| name != "weir.conf") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Line, option and value, where a line is no comment.
fn stated((number, line): (usize, &str)) -> Option<(usize, &str, &str)> {
    let line = line.trim();
    let (option, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (!option.is_empty() && !option.starts_with('#')).then(|| (number, option, value.trim()))
}

/// The drop-in. An option that another file states stays a comment: Mosquitto takes many of them once only.
pub(super) fn text(folder: &Path, port: u16, others: &Others) -> String {
    let text = TEMPLATE
        .replace("{port}", &port.to_string())
        .replace("{folder}", &folder.to_string_lossy());
    let line = |(number, line): (usize, &str)| {
        let other = stated((number, line)).and_then(|(_, option, _)| others.get(option));
        match other {
            Some(file) => format!("# {line}  (stated in {})\n", file.display()),
            None => format!("{line}\n"),
        }
    };
    (1..).zip(text.lines()).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(main: &str, further: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let drop_ins = folder.path().join("conf.d");
        fs::create_dir(&drop_ins).unwrap();
        let main = main.replace("DROP_INS", drop_ins.to_str().unwrap());
        fs::write(folder.path().join("mosquitto.conf"), main).unwrap();
        for (name, text) in further {
            fs::write(drop_ins.join(name), text).unwrap();
        }
        folder
    }

    const DEBIAN: &str =
        "pid_file /run/x\npersistence true\npersistence_location /x/\ninclude_dir DROP_INS\n";

    #[test]
    fn what_another_file_states_is_left_to_it() {
        let folder = folder(
            DEBIAN,
            &[
                ("weir.conf", "listener 1\n"),
                ("a.disabled", "listener 2\n"),
            ],
        );
        let others = others(folder.path()).unwrap();
        let text = text(folder.path(), 1883, &others);
        assert!(text.starts_with(crate::setup::files::MARK));
        assert!(text.contains("\nlistener 1883\n"));
        assert!(text.contains("\n# persistence true  (stated in "));
        assert!(text.contains("\nautosave_interval 60\n"));
        assert!(!text.contains('{'));
    }

    #[test]
    fn a_listener_of_others_ends_it() {
        for option in ["listener 8883", "  allow_anonymous\ttrue", "port 1883"] {
            let folder = folder(
                DEBIAN,
                &[("site.conf", &format!("# listener 1\n{option}\n"))],
            );
            let words = others(folder.path()).unwrap_err().to_string();
            assert!(words.contains("conf.d/site.conf:2"), "{words}");
        }
    }

    #[test]
    fn drop_ins_must_be_read() {
        let folder = folder("persistence true\n", &[]);
        let words = others(folder.path()).unwrap_err().to_string();
        assert!(words.contains("add the line `include_dir "), "{words}");
    }
}
