//! Users and their passwords, hashed by Mosquitto's own tool. No password is ever an argument of a process.

use std::{
    env, fs,
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use tempfile::NamedTempFile;

use super::{
    super::{
        broker::{Local, Password},
        files::MARK,
    },
    DASHBOARD, NODE,
};

/// Random bytes of a password; it is written in hexadecimal.
const RANDOM_BYTES: usize = 16;

/// The file of users, the node's password, and the users that are new.
pub(super) struct Users {
    pub(super) text: String,
    pub(super) node: Password,
    pub(super) new: Vec<(String, Password)>,
}

/// Mosquitto's tool for passwords.
pub(super) fn program() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/bin".into(), "/usr/sbin".into()]);
    let mut programs = folders.map(|folder| folder.join("mosquitto_passwd"));
    programs.find(|program| program.is_file())
}

/// Users that are there keep their passwords, unless the node is given another one.
pub(super) fn plan(path: &Path, local: &Local, known: Option<Password>) -> Result<Users> {
    let there = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            format!("{MARK}: users of Mosquitto; mosquitto_passwd adds to them.\n")
        }
        Err(error) => {
            return Err(error).with_context(|| format!("failed to read {}", path.display()));
        }
    };
    let is_there = |user: &str| there.lines().any(|line| belongs(line, user));
    let node = match local.password.clone().or_else(|| known.clone()) {
        Some(password) => password,
        None => random()?,
    };
    let mut fresh = Vec::new();
    if !is_there(NODE) || known.as_ref() != Some(&node) {
        fresh.push((NODE.to_owned(), node.clone()));
    }
    let mut new = Vec::new();
    let others = local.sensors.iter().map(String::as_str);
    for user in std::iter::once(DASHBOARD).chain(others) {
        let planned = new.iter().any(|(known, _)| known == user);
        if !is_there(user) && !planned {
            new.push((user.to_owned(), random()?));
        }
    }
    fresh.extend(new.iter().cloned());
    Ok(Users {
        text: merged(&there, &hashed(&fresh)?),
        node,
        new,
    })
}

/// Whether a line is this user's.
fn belongs(line: &str, user: &str) -> bool {
    line.strip_prefix(user)
        .is_some_and(|rest| rest.starts_with(':'))
}

/// The lines that are there, without those that are made anew, and then these.
fn merged(there: &str, fresh: &str) -> String {
    let renewed = |line: &str| {
        let mut users = fresh.lines().filter_map(|line| line.split(':').next());
        users.any(|user| belongs(line, user))
    };
    let kept = there.lines().filter(|line| !renewed(line));
    let lines = kept.chain(fresh.lines());
    lines.map(|line| format!("{line}\n")).collect()
}

/// The lines of users as Mosquitto reads them.
fn hashed(users: &[(String, Password)]) -> Result<String> {
    if users.is_empty() {
        return Ok(String::new());
    }
    let program = program().context("mosquitto_passwd is not installed")?;
    let mut file = NamedTempFile::new()?;
    for (user, Password(password)) in users {
        writeln!(file, "{user}:{password}")?;
    }
    file.flush()?;
    let ended = Command::new(program)
        .arg("-U")
        .arg(file.path())
        .stdin(Stdio::null())
        .output()
        .context("failed to start mosquitto_passwd")?;
    let words = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "mosquitto_passwd: {}", words.trim());
    let text = fs::read_to_string(file.path())?;
    let plain = |(user, Password(password)): &(String, Password)| {
        text.lines()
            .any(|line| line == format!("{user}:{password}"))
    };
    ensure!(
        text.lines().count() == users.len() && !users.iter().any(plain),
        "mosquitto_passwd left passwords as they are"
    );
    Ok(text)
}

/// A password that nobody guesses.
fn random() -> Result<Password> {
    let mut bytes = [0; RANDOM_BYTES];
    fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("failed to read /dev/urandom")?;
    Ok(Password(
        bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_users_are_replaced_and_others_stay() {
        let there = "# Written\nweir:$7$a\nweir-2:$7$b\npump:$7$c\n";
        assert_eq!(
            merged(there, "weir:$7$d\nnew:$7$e\n"),
            "# Written\nweir-2:$7$b\npump:$7$c\nweir:$7$d\nnew:$7$e\n"
        );
        assert_eq!(merged(there, ""), there);
    }

    #[test]
    fn passwords_are_long_and_never_the_same() {
        let (one, two) = (random().unwrap(), random().unwrap());
        assert_eq!(one.0.len(), 2 * RANDOM_BYTES);
        assert!(one != two);
        assert_eq!(format!("{one:?}"), "Password(…)");
    }
}
