use std::{
    fs,
    path::{Path, PathBuf},
};

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
    /// The folder of compiled guests unless `[paths]` says otherwise.
    pub cache: PathBuf,
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
        let folders = [Some("/var/lib/weir".into()), installed, Some(".".into())];
        let search = folders.into_iter().flatten();
        Self {
            default_file: Some(DEFAULT_FILE.into()),
            host_name: host_name(),
            search: search.collect(),
            cache: cache(&env),
            env,
            ..Self::default()
        }
    }
}

/// systemd's cache folder, else the user's, else the system's.
fn cache(env: &[(String, String)]) -> PathBuf {
    let variable = |name: &str| {
        let found = env.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let systemd = variable("CACHE_DIRECTORY").and_then(|list| list.split(':').next());
    systemd
        .map(PathBuf::from)
        .or_else(|| variable("XDG_CACHE_HOME").map(|home| Path::new(home).join("weir")))
        .or_else(|| variable("HOME").map(|home| Path::new(home).join(".cache/weir")))
        .unwrap_or_else(|| PathBuf::from("/var/cache/weir"))
}

fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
