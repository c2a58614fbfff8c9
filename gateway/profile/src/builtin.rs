//! The device profiles that ship, built into the binary so that it works alone.

/// The names, and beside each the text of its file in `device-profiles/`.
macro_rules! profiles {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../device-profiles/", $name, ".toml")))),+]
    };
}

/// Name and text of each; a file of the same name in `paths.profiles` replaces it.
pub(crate) const PROFILES: [(&str, &str); 10] = profiles![
    "base",
    "cortex-m4-256k",
    "edge-server",
    "esp32",
    "jetson-nano",
    "pi-3",
    "pi-4",
    "pi-5",
    "pi-zero-2w",
    "rp2040",
];

/// What stands for the path of a built-in profile in messages.
pub(crate) fn path(name: &str) -> std::path::PathBuf {
    format!("built in: device-profiles/{name}.toml").into()
}
