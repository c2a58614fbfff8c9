//! The device profiles that ship, built into the binary so that it works alone.

/// Name and text of each; a file of the same name in `paths.profiles` replaces it.
pub(crate) const PROFILES: [(&str, &str); 6] = [
    ("base", include_str!("../../../device-profiles/base.toml")),
    (
        "cortex-m4-256k",
        include_str!("../../../device-profiles/cortex-m4-256k.toml"),
    ),
    (
        "edge-server",
        include_str!("../../../device-profiles/edge-server.toml"),
    ),
    ("pi-3", include_str!("../../../device-profiles/pi-3.toml")),
    ("pi-4", include_str!("../../../device-profiles/pi-4.toml")),
    ("pi-5", include_str!("../../../device-profiles/pi-5.toml")),
];

/// What stands for the path of a built-in profile in messages.
pub(crate) fn path(name: &str) -> std::path::PathBuf {
    format!("built in: device-profiles/{name}.toml").into()
}
