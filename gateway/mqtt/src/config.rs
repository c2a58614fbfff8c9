use std::{fmt, path::PathBuf, time::Duration};

use bytes::Bytes;
use weir_transport::QoS;

use crate::topic;

/// Where a session connects to, as whom, and within which limits.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// The broker.
    pub endpoint: Endpoint,
    /// Who asks, where the broker wants to know.
    pub credentials: Option<Credentials>,
    /// The version of MQTT.
    pub protocol: Protocol,
    /// Stable name of this node at the broker: letters, digits, `_` and `-`. `-in` and `-out` are appended.
    pub client_id: String,
    /// What is consumed; each filter once.
    pub subscriptions: Vec<Subscription>,
    /// Messages at QoS 1 that may be handed over and not settled at one time.
    pub receive_max: u16,
    /// Largest packet accepted; announced to the broker, which then keeps larger ones to itself.
    pub packet_bytes_max: u32,
    /// How long the broker keeps the consuming session, and queues for it, while the node is away.
    pub session_expiry: Duration,
    /// A connection on which nothing passed for this long is asked for a sign of life.
    pub keep_alive: Duration,
    /// Longest wait for the connection to stand, for the answer to a ping or a subscription, and for the broker to
    /// take bytes.
    pub connect_timeout: Duration,
    /// Pauses between attempts to connect, and between attempts at whatever the broker refused.
    pub backoff: Backoff,
    /// A message that stays unsettled, or a publish that stays unacknowledged, for longer than this makes the session
    /// reconnect, so that it is sent again.
    pub unsettled_max_age: Duration,
    /// Outgoing messages that may wait to be sent. Those in flight come on top, at most `inflight_max`.
    pub outbox_messages_max: usize,
    /// Outgoing messages that may be sent and not acknowledged; the broker's own limit applies where it is lower.
    pub inflight_max: u16,
    /// What is published about the node itself.
    pub presence: Option<Presence>,
}

impl SessionConfig {
    /// A configuration with the defaults of a gateway on a local network, subscribed to nothing.
    #[must_use]
    pub fn new(endpoint: Endpoint, client_id: impl Into<String>) -> Self {
        Self {
            endpoint,
            credentials: None,
            protocol: Protocol::V5,
            client_id: client_id.into(),
            subscriptions: Vec::new(),
            receive_max: 256,
            packet_bytes_max: 1 << 20,
            session_expiry: Duration::from_secs(24 * 3600),
            keep_alive: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(10),
            backoff: Backoff {
                min: Duration::from_millis(200),
                max: Duration::from_secs(30),
            },
            unsettled_max_age: Duration::from_secs(300),
            outbox_messages_max: 4096,
            inflight_max: 512,
            presence: None,
        }
    }
}

/// A broker's address.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Name or address.
    pub host: String,
    /// TCP port: 1883, or 8883 with TLS, by custom.
    pub port: u16,
    /// Encrypts the connection.
    pub tls: Option<Tls>,
}

impl Endpoint {
    /// A broker without TLS.
    #[must_use]
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            tls: None,
        }
    }
}

/// How the broker is recognised, and how it recognises the node.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Certificates (PEM) that are trusted in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// What the node proves itself with, where the broker asks for a certificate.
    pub client: Option<ClientIdentity>,
    /// The name that the broker's certificate must carry, where that is not the host.
    pub server_name: Option<String>,
}

/// A client certificate and its key.
#[derive(Debug, Clone)]
pub struct ClientIdentity {
    /// Certificate chain (PEM).
    pub certificate_file: PathBuf,
    /// Private key (PEM: PKCS#8, PKCS#1 or SEC1).
    pub key_file: PathBuf,
}

/// Username and password.
#[derive(Clone)]
pub struct Credentials {
    /// The user.
    pub username: String,
    /// The password; never printed.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// A version of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// MQTT 5.
    V5,
    /// MQTT 3.1.1: no properties, no reason codes, no limits announced by either side.
    V311,
}

/// A topic filter that is consumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The filter.
    pub filter: String,
    /// How surely.
    pub qos: QoS,
    /// Whether messages that the broker kept are wanted when the subscription is new.
    pub retained: bool,
}

/// Pauses that double from `min` to `max`, each shortened at random by up to a half.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The first.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
}

/// A retained topic that says whether the node is there, kept true by the broker's Last Will.
#[derive(Debug, Clone)]
pub struct Presence {
    /// The topic.
    pub topic: String,
    /// Published at each connect.
    pub online: Bytes,
    /// Published when the session ends, by the node or in its place by the broker.
    pub offline: Bytes,
}

/// Why a session cannot be started with a configuration. An absent broker is no such reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The client id would not be taken by every broker.
    #[error("client id {client_id:?} must be 1 to 64 letters, digits, '_' or '-'")]
    ClientId {
        /// The client id.
        client_id: String,
    },
    /// A filter cannot be subscribed.
    #[error("topic filter {filter:?}: {fault}")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The presence topic cannot be published to.
    #[error("presence topic {topic:?}: {fault}")]
    PresenceTopic {
        /// The topic.
        topic: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A limit of zero lets nothing through.
    #[error("{limit} must be at least 1")]
    Zero {
        /// Its name.
        limit: &'static str,
    },
    /// A text does not fit into the packet that it is for.
    #[error("{what} is longer than 65535 bytes")]
    TooLong {
        /// Which text.
        what: &'static str,
    },
    /// A file of certificates or keys cannot be used.
    #[error("cannot use {}: {fault}", file.display())]
    TlsFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// The system has no certificates to trust.
    #[error(
        "the system has no root certificates: install them (ca-certificates) or name a ca_file"
    )]
    NoRoots,
    /// The name that the certificate must carry is no name.
    #[error("{name:?} is neither a host name nor an address")]
    ServerName {
        /// The name.
        name: String,
    },
    /// Certificate and key do not go together, or are of a kind that is not supported.
    #[error("cannot set up TLS")]
    Tls {
        /// What rustls says.
        #[source]
        cause: rustls::Error,
    },
}

pub(crate) fn check(config: &SessionConfig) -> Result<(), ConfigError> {
    let id = &config.client_id;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
        let client_id = id.clone();
        return Err(ConfigError::ClientId { client_id });
    }
    for Subscription { filter, .. } in &config.subscriptions {
        topic::check_filter(filter).map_err(|fault| ConfigError::Filter {
            filter: filter.clone(),
            fault,
        })?;
    }
    if let Some(Presence { topic, .. }) = &config.presence {
        topic::check_name(topic).map_err(|fault| ConfigError::PresenceTopic {
            topic: topic.clone(),
            fault,
        })?;
    }
    check_limits(config)
}

fn check_limits(config: &SessionConfig) -> Result<(), ConfigError> {
    let limits = [
        ("receive_max", config.receive_max == 0),
        ("inflight_max", config.inflight_max == 0),
        ("outbox_messages_max", config.outbox_messages_max == 0),
        ("packet_bytes_max", config.packet_bytes_max == 0),
        ("connect_timeout", config.connect_timeout.is_zero()),
        ("keep_alive", config.keep_alive.is_zero()),
        ("unsettled_max_age", config.unsettled_max_age.is_zero()),
        ("backoff.min", config.backoff.min.is_zero()),
    ];
    if let Some((limit, _)) = limits.into_iter().find(|(_, zero)| *zero) {
        return Err(ConfigError::Zero { limit });
    }
    let long = |text: &str| text.len() > topic::BYTES_MAX;
    let credentials = config.credentials.as_ref();
    if credentials.is_some_and(|c| long(&c.username) || long(&c.password)) {
        return Err(ConfigError::TooLong {
            what: "a credential",
        });
    }
    if (config.presence.as_ref()).is_some_and(|p| p.offline.len() > topic::BYTES_MAX) {
        return Err(ConfigError::TooLong {
            what: "the offline message",
        });
    }
    Ok(())
}
