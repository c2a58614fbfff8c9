use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::check;

/// The file that is read unless another is named.
pub const DEFAULT_FILE: &str = "/etc/weir/weir.toml";

/// Where a configuration comes from. Nothing is taken from the process but by [`LoadOptions::from_process`], so that
/// tests and tools say themselves what counts.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The main file; it must exist.
    pub file: Option<PathBuf>,
    /// The main file where `file` names none; it may be missing.
    pub default_file: Option<PathBuf>,
    /// The folder of further files; none = `conf.d` beside the main file.
    pub conf_dir: Option<PathBuf>,
    /// Environment variables; those that begin with `WEIR__` count.
    pub env: Vec<(String, String)>,
    /// Keys with dots and their values, which win over all else: `("broker.url", "embedded")`.
    pub overrides: Vec<(String, String)>,
    /// The node's name unless one is stated.
    pub host_name: Option<String>,
    /// Folders in which `guests`, `models` and `device-profiles` are looked for unless `[paths]` says otherwise.
    pub search: Vec<PathBuf>,
    /// Folders of guests that were compiled elsewhere unless `[paths]` says otherwise.
    pub compiled: Vec<PathBuf>,
    /// The folder of guests compiled here unless `[paths]` says otherwise.
    pub cache: PathBuf,
    /// Folders in which the socket for `weir status` may be unless `[node]` says otherwise, the best first.
    pub runtime: Vec<PathBuf>,
}

impl LoadOptions {
    /// The options of a service: [`DEFAULT_FILE`], the process's environment, the host's name, and the folders of what
    /// was put here (`/var/lib/weir`), of the installation (`share/weir` beside the binary's folder), and of the
    /// working directory.
    #[must_use]
    pub fn from_process() -> Self {
        let env: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        // /usr/bin/weir has /usr/share/weir; target/debug/weir has target/share/weir.
        let binary = std::env::current_exe().ok();
        let prefix = binary
            .as_deref()
            .and_then(Path::parent)
            .and_then(Path::parent);
        let installed = prefix.map(|prefix| prefix.join("share/weir"));
        let compiled = ["lib/weir/compiled", "share/weir/compiled"];
        let compiled = prefix.map(|prefix| compiled.map(|folder| prefix.join(folder)).into());
        let folders = [Some("/var/lib/weir".into()), installed, Some(".".into())];
        let search = folders.into_iter().flatten();
        Self {
            default_file: Some(DEFAULT_FILE.into()),
            host_name: host_name(),
            search: search.collect(),
            compiled: compiled.unwrap_or_default(),
            cache: cache(&env),
            runtime: runtime(&env),
            env,
            ..Self::default()
        }
    }
}

impl LoadOptions {
    /// Where the socket for `weir status` may be where no configuration says so, the best place first.
    #[must_use]
    pub fn status_sockets(&self) -> Vec<PathBuf> {
        check::usual_status_sockets(&self.runtime)
    }
}

/// systemd's cache folder, else the user's, else the system's.
fn cache(env: &[(String, String)]) -> PathBuf {
    let variable = |name: &str| variable(env, name);
    let systemd = variable("CACHE_DIRECTORY").and_then(|list| list.split(':').next());
    systemd
        .map(PathBuf::from)
        .or_else(|| variable("XDG_CACHE_HOME").map(|home| Path::new(home).join("weir")))
        .or_else(|| variable("HOME").map(|home| Path::new(home).join(".cache/weir")))
        .unwrap_or_else(|| PathBuf::from("/var/cache/weir"))
}

/// systemd's folder of this service, else the system's for it, which also `sudo weir status` finds, and the user's.
fn runtime(env: &[(String, String)]) -> Vec<PathBuf> {
    let systemd = variable(env, "RUNTIME_DIRECTORY").and_then(|list| list.split(':').next());
    if let Some(systemd) = systemd {
        return vec![systemd.into()];
    }
    let user = variable(env, "XDG_RUNTIME_DIR").map(|home| Path::new(home).join("weir"));
    std::iter::once("/run/weir".into()).chain(user).collect()
}

fn variable<'e>(env: &'e [(String, String)], name: &str) -> Option<&'e str> {
    let found = env.iter().find(|(known, _)| known == name);
    found
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.is_empty())
}

fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
