use std::{io, time::Duration};

use crate::words;

/// Why a connection failed or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// No TCP connection.
    #[error("cannot reach {address}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// No TLS connection.
    #[error("cannot agree on TLS with {address}")]
    Tls {
        /// Host and port.
        address: String,
        /// What rustls says.
        #[source]
        cause: io::Error,
    },
    /// The broker answered no.
    #[error("the broker refuses the connection: {words} (code {code:#04x}){}", quoted(.reason.as_deref()))]
    Refused {
        /// CONNACK code.
        code: u8,
        /// What it says.
        words: &'static str,
        /// What the broker adds.
        reason: Option<String>,
        /// Whether trying again soon is of no use.
        lasting: bool,
        /// What kind of no it is.
        fault: Fault,
    },
    /// Nothing came in time.
    #[error("the broker sent no {awaited} within {:.1} s", .waited.as_secs_f64())]
    Silent {
        /// What was awaited.
        awaited: &'static str,
        /// For how long.
        waited: Duration,
    },
    /// The broker takes no bytes.
    #[error("the broker took no bytes for {:.1} s", .waited.as_secs_f64())]
    Stalled {
        /// For how long.
        waited: Duration,
    },
    /// The broker ended the connection and said so.
    #[error("the broker ended the connection: {words} (code {code:#04x}){}", quoted(.reason.as_deref()))]
    Ended {
        /// DISCONNECT code.
        code: u8,
        /// What it says.
        words: &'static str,
        /// What the broker adds.
        reason: Option<String>,
    },
    /// The connection ended without a word.
    #[error("the broker closed the connection")]
    Closed,
    /// The network failed.
    #[error("the connection failed")]
    Network(#[source] io::Error),
    /// The broker sent what MQTT does not allow.
    #[error("the broker sent what MQTT does not allow here: {fault}")]
    Protocol {
        /// What.
        fault: String,
    },
    /// The watchdog: a delivered message was not settled.
    #[error("a message was not settled within {:.1} s of its delivery; reconnecting so that it is delivered again", .age.as_secs_f64())]
    Unsettled {
        /// For how long.
        age: Duration,
    },
    /// A ticket was dropped: the message was given up.
    #[error("a message was given up unsettled; reconnecting so that it is delivered again")]
    Abandoned,
    /// The watchdog: a publish was not acknowledged.
    #[error("a publish was not acknowledged within {:.1} s; reconnecting to send it again", .age.as_secs_f64())]
    Unacknowledged {
        /// For how long.
        age: Duration,
    },
}

/// What kind of failure a [`LinkError`] is: what somebody who mends it begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no TCP connection: host, port, network, or the broker does not run.
    Unreachable,
    /// There is no TLS connection: certificates.
    Tls,
    /// The broker does not take user and password.
    Credentials,
    /// The broker does not take the client id, or another client has it.
    ClientId,
    /// The broker does not speak this version of MQTT.
    Protocol,
    /// Anything else.
    Other,
}

impl LinkError {
    /// What kind of failure it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unreachable { .. } => Fault::Unreachable,
            Self::Tls { .. } => Fault::Tls,
            Self::Refused { fault, .. } => *fault,
            Self::Ended { code, .. } => words::ended(*code),
            Self::Silent { .. }
            | Self::Stalled { .. }
            | Self::Closed
            | Self::Network(_)
            | Self::Protocol { .. }
            | Self::Unsettled { .. }
            | Self::Abandoned
            | Self::Unacknowledged { .. } => Fault::Other,
        }
    }

    /// Whether trying again soon is of no use.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self, Self::Refused { lasting: true, .. })
    }

    /// The error and its causes in one line.
    pub(crate) fn in_words(&self) -> String {
        let mut words = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            words.push_str(": ");
            words.push_str(&error.to_string());
            cause = error.source();
        }
        words
    }
}

fn quoted(reason: Option<&str>) -> String {
    reason
        .map(|r| format!(", saying {r:?}"))
        .unwrap_or_default()
}
