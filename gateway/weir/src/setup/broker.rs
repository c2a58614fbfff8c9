//! Which broker, and as whom.

use std::{
    fmt, fs,
    io::{BufRead, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::cli::SetupArgs;

use super::{
    ask::{Asker, Question, wrong},
    catalogue,
    mosquitto::{self, NODE, RESERVED},
};

/// Of a password, as MQTT has it.
const PASSWORD_BYTES_MAX: u64 = 65_535;

/// The broker.
pub(super) enum BrokerAnswer {
    /// Mosquitto on this machine.
    Local(Local),
    /// Weir's own.
    Embedded,
    /// Another.
    Remote(Remote),
}

/// Mosquitto on this machine.
pub(super) struct Local {
    /// Sensors that get a user.
    pub(super) sensors: Vec<String>,
    /// The node's password, where one was given.
    pub(super) password: Option<Password>,
}

/// A broker that others look after.
pub(super) struct Remote {
    pub(super) url: String,
    pub(super) username: Option<String>,
    /// None = the one that is there already, or no user at all.
    pub(super) password: Option<Password>,
    pub(super) ca_file: Option<PathBuf>,
}

/// A password; it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Password(pub(super) String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Asks for the broker.
pub(super) fn gather(args: &SetupArgs, asker: &Asker) -> Result<BrokerAnswer> {
    let kind = match &args.broker {
        Some(kind) => kind.clone(),
        None => kind(asker)?,
    };
    match kind.as_str() {
        "local" => Ok(BrokerAnswer::Local(local(args, asker)?)),
        "embedded" => Ok(BrokerAnswer::Embedded),
        url => Ok(BrokerAnswer::Remote(remote(args, asker, url)?)),
    }
}

fn local(args: &SetupArgs, asker: &Asker) -> Result<Local> {
    if args.username.as_deref().is_some_and(|name| name != NODE) {
        return wrong(format!("--username: with --broker local it is {NODE}"));
    }
    let password = given_password(args)?;
    if password.as_ref().is_some_and(|it| it.0.contains(':')) {
        return wrong(
            "the password has a colon, which Mosquitto's tool cuts it at: use another one",
        );
    }
    Ok(Local {
        sensors: sensors(args, asker)?,
        password,
    })
}

fn kind(asker: &Asker) -> Result<String> {
    let local = if mosquitto::is_installed() {
        "Mosquitto on this machine, for sensors of the network"
    } else {
        "Mosquitto on this machine (not installed yet: apt install mosquitto)"
    };
    let items = [
        local,
        "another broker, by its address",
        "Weir's own, on this machine only: for trying out",
    ];
    let items = items.map(str::to_owned);
    let chosen = asker.choice("--broker", "Broker that the sensors publish to", &items)?;
    let question = Question {
        option: "--broker",
        words: "Its address (mqtt://host or mqtts://host)",
        default: None,
    };
    match chosen {
        0 => Ok("local".to_owned()),
        1 => asker.text(None, &question, &catalogue::url),
        _ => Ok("embedded".to_owned()),
    }
}

fn sensors(args: &SetupArgs, asker: &Asker) -> Result<Vec<String>> {
    for sensor in &args.sensor {
        if let Err(why) = sensor_name(sensor) {
            return wrong(format!("--sensor: {why}"));
        }
    }
    if !args.sensor.is_empty() || !asker.asks {
        return Ok(args.sensor.clone());
    }
    let question = Question {
        option: "--sensor",
        words: "Name of the first sensor: its user, and the device in its topics",
        default: Some("sensor-1".to_owned()),
    };
    Ok(vec![asker.text(None, &question, &sensor_name)?])
}

/// A name that is safe as a user, in a topic and in a line of Mosquitto's files.
fn sensor_name(name: &str) -> Result<(), String> {
    let letters = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if name.is_empty() || name.len() > 64 || !letters {
        return Err(format!(
            "{name:?} is not a sensor's name: use 1 to 64 of the characters A-Z a-z 0-9 . _ -"
        ));
    }
    if RESERVED.contains(&name) {
        return Err(format!("{name:?} is a user already: use another name"));
    }
    Ok(())
}

fn remote(args: &SetupArgs, asker: &Asker, url: &str) -> Result<Remote> {
    if let Err(why) = catalogue::url(url) {
        return wrong(format!("--broker: {why}, or \"local\""));
    }
    let question = Question {
        option: "--username",
        words: "User at the broker (empty: none)",
        default: Some(String::new()),
    };
    let username = asker.text(args.username.as_deref(), &question, &|_| Ok(()))?;
    let username = Some(username).filter(|name| !name.is_empty());
    let password = match (given_password(args)?, &username) {
        (Some(_), None) => return wrong("--username is missing: a password belongs to a user"),
        (Some(password), Some(_)) => Some(password),
        (None, Some(name)) => asked_password(args, asker, name)?,
        (None, None) => None,
    };
    let ca_file = if url.starts_with("mqtts://") {
        ca_file(args, asker)?
    } else {
        args.ca_file.clone()
    };
    Ok(Remote {
        url: url.to_owned(),
        username,
        password,
        ca_file,
    })
}

fn asked_password(args: &SetupArgs, asker: &Asker, name: &str) -> Result<Option<Password>> {
    let there = stored(&credentials(&args.config)).is_some();
    if there && !asker.asks {
        return Ok(None);
    }
    let words = if there {
        format!("Password of {name} (empty: the one that is set)")
    } else {
        format!("Password of {name}")
    };
    let password = asker.password(&words, there)?;
    Ok(Some(Password(password)).filter(|password| !password.0.is_empty()))
}

fn ca_file(args: &SetupArgs, asker: &Asker) -> Result<Option<PathBuf>> {
    let question = Question {
        option: "--ca-file",
        words: "File of the certificate authority, PEM (empty: the system's)",
        default: Some(String::new()),
    };
    let given = args.ca_file.as_ref().map(|file| file.to_string_lossy());
    let check = |file: &str| match file {
        "" => Ok(()),
        file => fs::File::open(file)
            .map(drop)
            .map_err(|error| format!("{file} cannot be read: {error}")),
    };
    let file = asker.text(given.as_deref(), &question, &check)?;
    if file.is_empty() {
        return Ok(None);
    }
    Ok(Some(std::path::absolute(file)?))
}

/// The file of the node's password.
pub(super) fn credentials(config: &Path) -> PathBuf {
    config
        .parent()
        .unwrap_or(Path::new("."))
        .join("credentials/broker")
}

/// The password that a file holds, where it holds one.
pub(super) fn stored(file: &Path) -> Option<Password> {
    let text = bounded(fs::File::open(file).ok()?).ok()?;
    one_line(&text).ok()
}

fn given_password(args: &SetupArgs) -> Result<Option<Password>> {
    let (option, text) = if args.password_stdin {
        let mut line = String::new();
        let mut stdin = std::io::stdin().lock().take(PASSWORD_BYTES_MAX);
        stdin
            .read_line(&mut line)
            .context("failed to read standard input")?;
        ("--password-stdin", line)
    } else if let Some(file) = &args.password_file {
        let text = fs::File::open(file).and_then(bounded);
        let words = || format!("--password-file: failed to read {}", file.display());
        ("--password-file", text.with_context(words)?)
    } else {
        return Ok(None);
    };
    match one_line(&text) {
        Ok(password) => Ok(Some(password)),
        Err(why) => wrong(format!("{option}: {why}")),
    }
}

fn bounded(file: fs::File) -> std::io::Result<String> {
    let mut text = String::new();
    file.take(PASSWORD_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn one_line(text: &str) -> Result<Password, &'static str> {
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains(char::is_control) {
        return Err("the password must stand in one line");
    }
    Ok(Password(line.to_owned()))
}
