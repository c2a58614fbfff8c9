use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The node itself.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Node {
    /// Its name, a segment of its topics. Default: the host's name.
    pub name: Option<String>,
    /// The root of Weir's own topics: `<root>/results/…`, `<root>/rejects/…`, `<root>/nodes/…`.
    pub root: String,
    /// Seconds between two health documents.
    #[schemars(range(min = 1, max = 3600))]
    pub health_interval_s: u64,
    /// Seconds that a stop may take to finish what is in work.
    #[schemars(range(min = 1, max = 600))]
    pub drain_deadline_s: u64,
    /// When guests of the engine Wasmtime are compiled for the processor at hand.
    pub compile: Compile,
    /// The socket on which the node answers `weir status`; an empty text turns it off. Default: `status.sock` in the
    /// first of `$RUNTIME_DIRECTORY` (set by systemd), `/run/weir`, `$XDG_RUNTIME_DIR/weir` that the node can write to.
    pub status_socket: Option<PathBuf>,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            name: None,
            root: "weir".to_owned(),
            health_interval_s: 10,
            drain_deadline_s: 10,
            compile: Compile::Background,
            status_socket: None,
        }
    }
}

/// When guests are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compile {
    /// While the code serves that the package brought, which is then replaced between two messages; before a pipeline
    /// opens where the package has none.
    Background,
    /// Before a pipeline opens.
    First,
    /// Never: guests run as the package brought them, and others are refused. For systems with little memory, or where
    /// nothing may be written.
    Never,
}

/// The broker and the session with it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Broker {
    /// `embedded` (Weir's own broker, on this host only), `mqtt://host[:1883]` or `mqtts://host[:8883]`.
    pub url: String,
    /// The version of MQTT.
    pub protocol: Protocol,
    /// The client identifier; Weir's two connections add `-in` and `-out`. Default: `weir-<node>`.
    pub client_id: Option<String>,
    /// The user.
    pub username: Option<String>,
    /// A file that holds the password (one line), readable by Weir's user only.
    pub password_file: Option<PathBuf>,
    /// Certificate authorities (PEM) for `mqtts://`. Default: the system's.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate (PEM), together with `key_file`.
    pub cert_file: Option<PathBuf>,
    /// The key of the client's certificate (PEM).
    pub key_file: Option<PathBuf>,
    /// Messages that may be in work at once (MQTT 5's receive maximum).
    #[schemars(range(min = 1, max = 65535))]
    pub receive_max: u16,
    /// Results and rejects that may wait for the broker's confirmation; beyond it nothing more is taken in.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub outbox_messages_max: u32,
    /// Bytes of the largest MQTT packet that is received or sent: topic and properties included.
    #[schemars(range(min = 1024, max = 268_435_455))]
    pub packet_bytes_max: u32,
    /// Seconds that the broker keeps the session, and what was not acknowledged, while the node is away.
    #[schemars(range(min = 0, max = 4_294_967_294_u32))]
    pub session_expiry_s: u32,
    /// Seconds between two signs of life.
    #[schemars(range(min = 5, max = 65535))]
    pub keep_alive_s: u16,
    /// Seconds that a message may stay unsettled before the connection is made anew and the broker sends it again.
    #[schemars(range(min = 1, max = 86400))]
    pub unsettled_age_s_max: u64,
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            url: "embedded".to_owned(),
            protocol: Protocol::V5,
            client_id: None,
            username: None,
            password_file: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            receive_max: 256,
            outbox_messages_max: 1024,
            packet_bytes_max: 1_114_112,
            session_expiry_s: 3600,
            keep_alive_s: 15,
            unsettled_age_s_max: 60,
        }
    }
}

/// The version of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Protocol {
    /// MQTT 5.
    #[serde(rename = "5")]
    V5,
    /// MQTT 3.1.1: no properties, no receive maximum.
    #[serde(rename = "3.1.1")]
    V311,
}

/// The folders that names are looked up in; the first that has the name wins.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Paths {
    /// Folders of guests (`<guest>.wasm`). Default: `/var/lib/weir/guests`, `share/weir/guests` of the installation
    /// (`/usr/share/weir/guests`), `./guests`.
    pub guests: Option<Vec<PathBuf>>,
    /// Folders of models (`<model>/model.toml`). Default: as `guests`, with `models`.
    pub models: Option<Vec<PathBuf>>,
    /// Folders of device profiles (`<profile>.toml`). Default: `device-profiles` beside the main file, then as `guests`, with
    /// `device-profiles`; then those built into the binary.
    pub profiles: Option<Vec<PathBuf>>,
    /// Folders of guests that were compiled elsewhere, as packages bring them; of root or Weir's user, and written to by
    /// nobody else. Default: `lib/weir/compiled` and `share/weir/compiled` of the installation (`/usr/lib/weir/compiled`).
    pub compiled: Option<Vec<PathBuf>>,
    /// The folder of guests that were compiled here. Default: the first of `$CACHE_DIRECTORY` (set by systemd), `$XDG_CACHE_HOME/weir`,
    /// `~/.cache/weir`, `/var/cache/weir`.
    pub cache: Option<PathBuf>,
}
