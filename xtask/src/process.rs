//! Child processes: what they inherit, where their output goes, what is said when one fails.

use std::{
    env, io,
    os::fd::AsFd,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// What `cargo run` puts into the environment. Left there, build scripts that watch it (ring's) would run again
/// each time cargo is called once from here and once by hand.
const OUTER_CARGO: [&str; 3] = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_"];

/// Flags that are meant for the host and would break a build for wasm.
const HOST_FLAGS: [&str; 6] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
];

/// The cargo that runs this tool, in `folder`, with the environment that a shell would give it.
pub(crate) fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    for (name, _) in env::vars_os() {
        let leaked = |prefix: &&str| name.to_string_lossy().starts_with(*prefix);
        if OUTER_CARGO.iter().any(leaked) {
            command.env_remove(&name);
        }
    }
    command
}

/// The same for the guests' workspace, whose flags are its own.
pub(crate) fn guests_cargo(folder: &Path) -> Command {
    let mut command = cargo(folder);
    for name in HOST_FLAGS {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end.
///
/// # Errors
/// Fails where it cannot be started or does not succeed; `what` completes "failed to …".
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("failed to {what}: {} cannot be started", words(command)))?;
    if !status.success() {
        bail!("failed to {what}: `{}` ended with {status}", words(command));
    }
    Ok(())
}

/// Whether a command can be started and succeeds; its output is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// What a command prints.
///
/// # Errors
/// Fails where it cannot be started, does not succeed, or prints what is not text.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} cannot be started", words(command)))?;
    if !output.status.success() {
        bail!("`{}` ended with {}", words(command), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Our stderr, as the stdout of a child whose words are progress.
///
/// # Errors
/// Fails where the descriptor cannot be duplicated.
pub(crate) fn stderr() -> Result<Stdio> {
    Ok(io::stderr().as_fd().try_clone_to_owned()?.into())
}

/// Our stdout, as the stderr of a child whose words are the product.
///
/// # Errors
/// Fails where the descriptor cannot be duplicated.
pub(crate) fn stdout() -> Result<Stdio> {
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Says on stderr what happens now.
pub(crate) fn say(words: &str) {
    eprintln!("xtask: {words}");
}

/// Time since `start`, as people write it.
pub(crate) fn since(start: Instant) -> String {
    spoken(start.elapsed())
}

/// A time as people write it.
pub(crate) fn spoken(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

fn words(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy()));
    if let Some(name) = Path::new(command.get_program()).file_name() {
        words[0] = name.to_string_lossy();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_words() {
        assert_eq!(spoken(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(spoken(Duration::from_secs(363)), "6 min 03 s");
    }

    #[test]
    fn a_failure_names_the_command_and_its_status() {
        let error = run(Command::new("false").arg("x"), "do nothing").unwrap_err();
        assert_eq!(
            error.to_string(),
            "failed to do nothing: `false x` ended with exit status: 1"
        );
    }

    #[test]
    fn guests_never_see_the_hosts_flags() {
        let command = guests_cargo(Path::new("."));
        let removed = |name: &str| {
            command
                .get_envs()
                .any(|(key, value)| key == name && value.is_none())
        };
        assert!(HOST_FLAGS.into_iter().all(removed));
    }
}
